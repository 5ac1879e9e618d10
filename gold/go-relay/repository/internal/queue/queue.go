// Package queue holds the deliveries that wait for a worker.
package queue

import (
	"sync"

	"example.com/relay/internal/event"
)

// Queue is first in, first out, and safe for several goroutines.
type Queue struct {
	mu     sync.Mutex
	some   *sync.Cond
	items  []event.Delivery
	closed bool
}

// New returns an empty queue.
func New() *Queue {
	q := &Queue{}
	q.some = sync.NewCond(&q.mu)
	return q
}

// Push appends a delivery.
func (q *Queue) Push(delivery event.Delivery) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.items = append(q.items, delivery)
	q.some.Signal()
}

// Pop waits for a delivery. It returns false as soon as the queue is closed: what is left is in the archive and comes
// back with the next start.
func (q *Queue) Pop() (event.Delivery, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) == 0 && !q.closed {
		q.some.Wait()
	}
	if q.closed {
		return event.Delivery{}, false
	}
	next := q.items[0]
	q.items[0] = event.Delivery{}
	q.items = q.items[1:]
	return next, true
}

// Close wakes everybody who waits in Pop.
func (q *Queue) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.some.Broadcast()
}
