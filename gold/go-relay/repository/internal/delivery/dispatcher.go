package delivery

import (
	"context"
	"fmt"
	"log"
	"math/rand"
	"sync"
	"time"

	"example.com/relay/internal/archive"
	"example.com/relay/internal/config"
	"example.com/relay/internal/event"
	"example.com/relay/internal/queue"
	"example.com/relay/internal/stats"
)

const (
	attempts  = 5
	firstWait = 250 * time.Millisecond
)

// Dispatcher takes deliveries from the queue and sends them.
type Dispatcher struct {
	settings config.Config
	queue    *queue.Queue
	sender   *Sender
	archive  *archive.Archive
	stats    *stats.Stats
	pause    func(context.Context, time.Duration)
	running  sync.WaitGroup
}

// NewDispatcher returns a dispatcher that has not started.
func NewDispatcher(
	settings config.Config, waiting *queue.Queue, sender *Sender, store *archive.Archive, counts *stats.Stats,
) *Dispatcher {
	return &Dispatcher{
		settings: settings, queue: waiting, sender: sender, archive: store, stats: counts, pause: sleep,
	}
}

// Start starts the workers. They end when the queue is closed.
func (d *Dispatcher) Start(ctx context.Context, workers int) {
	for number := 1; number <= workers; number++ {
		d.running.Add(1)
		go d.work(ctx, number)
	}
}

// Wait returns false when ctx ends before the workers do. The process is about to exit then.
func (d *Dispatcher) Wait(ctx context.Context) bool {
	ended := make(chan struct{})
	go func() {
		d.running.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return true
	case <-ctx.Done():
		return false
	}
}

func (d *Dispatcher) work(ctx context.Context, number int) {
	defer d.running.Done()
	for {
		next, open := d.queue.Pop()
		if !open {
			log.Printf("worker %d ends", number)
			return
		}
		d.handle(ctx, next)
	}
}

func (d *Dispatcher) handle(ctx context.Context, delivery event.Delivery) {
	err := d.deliver(ctx, delivery)
	switch {
	case err == nil:
		d.stats.Count(delivery.Source, delivery.Destination, stats.Delivered)
		err = d.archive.Done(delivery)
	case ctx.Err() != nil:
		// Interrupted, not refused: it stays pending and is resumed by the next process.
		return
	default:
		log.Printf("%s/%s: %q failed: %v", delivery.Source, delivery.Destination, delivery.Event.ID, err)
		d.stats.Count(delivery.Source, delivery.Destination, stats.Failed)
		err = d.archive.Fail(delivery)
	}
	if err != nil {
		log.Printf("%s/%s: archive: %v", delivery.Source, delivery.Destination, err)
	}
}

// deliver returns nil when the destination has taken the event.
func (d *Dispatcher) deliver(ctx context.Context, delivery event.Delivery) error {
	destination, found := d.settings.Sources[delivery.Source].Find(delivery.Destination)
	if !found {
		return fmt.Errorf("no destination %q", delivery.Destination)
	}
	var err error
	for attempt := 0; attempt < attempts; attempt++ {
		if attempt > 0 {
			d.pause(ctx, backoff(attempt))
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		err := d.sender.Send(destination, delivery.Event)
		if err == nil {
			return nil
		}
		if permanent(err) {
			return err
		}
		log.Printf("%s/%s: attempt %d: %v", delivery.Source, delivery.Destination, attempt+1, err)
	}
	return err
}

// backoff doubles with each attempt, up to 16 seconds, and leaves half of it to chance.
func backoff(attempt int) time.Duration {
	if attempt > 6 {
		attempt = 6
	}
	full := firstWait << attempt
	return full/2 + time.Duration(rand.Int63n(int64(full/2)))
}

func sleep(ctx context.Context, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
