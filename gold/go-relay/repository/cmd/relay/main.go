// Command relay takes signed webhooks and passes them on.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math/rand"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"example.com/relay/internal/archive"
	"example.com/relay/internal/config"
	"example.com/relay/internal/dedupe"
	"example.com/relay/internal/delivery"
	"example.com/relay/internal/queue"
	"example.com/relay/internal/server"
	"example.com/relay/internal/stats"
)

const (
	remembered = 20_000
	farewell   = 20 * time.Second
)

func main() {
	path := flag.String("config", "relay.json", "the configuration")
	flag.Parse()
	// Several relays start together after a deployment and should not retry in step.
	rand.Seed(time.Now().UnixNano())
	if err := run(*path); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(path string) error {
	settings, err := config.Load(path)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	waiting := queue.New()
	store := archive.New(settings.Archive)
	counts := stats.New()
	if err := resume(settings, store, waiting); err != nil {
		return err
	}

	dispatcher := delivery.NewDispatcher(settings, waiting, delivery.NewSender("relay/1"), store, counts)
	dispatcher.Start(ctx, settings.Workers)
	go archive.NewSweeper(store, settings.Location, settings.KeepDays).Run(ctx)

	front := server.New(settings, store, waiting, counts, dedupe.New(remembered))
	listener := &http.Server{Addr: settings.Listen, Handler: front.Handler()}
	failed := make(chan error, 1)
	go func() { failed <- listener.ListenAndServe() }()

	select {
	case err := <-failed:
		return fmt.Errorf("listen: %w", err)
	case <-ctx.Done():
	}
	log.Print("shutting down")
	limit, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	err = listener.Shutdown(limit)
	waiting.Close()
	if !dispatcher.Wait(limit) {
		log.Print("some deliveries were cut off; they stay pending")
	}
	return err
}

// resume puts back what an earlier process had promised and not delivered.
func resume(settings config.Config, store *archive.Archive, waiting *queue.Queue) error {
	for name := range settings.Sources {
		found, err := store.Load(name, archive.Pending)
		if err != nil {
			return fmt.Errorf("resume %s: %w", name, err)
		}
		for _, one := range found {
			waiting.Push(one)
		}
		log.Printf("%s: %d deliveries resumed", name, len(found))
	}
	return nil
}
