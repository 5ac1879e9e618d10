// Package stats counts what became of deliveries.
package stats

import "sync"

// Outcome is what became of one.
type Outcome string

const (
	Accepted  Outcome = "accepted"
	Delivered Outcome = "delivered"
	Failed    Outcome = "failed"
)

// Stats is safe for several goroutines.
type Stats struct {
	mu     sync.Mutex
	counts map[string]int
}

// New returns counters at zero.
func New() *Stats {
	return &Stats{counts: map[string]int{}}
}

// Count adds one. Source and destination are names from the configuration.
func (s *Stats) Count(source, destination string, outcome Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[source+"/"+destination+" "+string(outcome)]++
}

// Snapshot returns all counters.
func (s *Stats) Snapshot() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts
}
