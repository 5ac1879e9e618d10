package archive

import (
	"context"
	"log"
	"time"
)

// Sweeper empties the failed folders once a day.
type Sweeper struct {
	archive  *Archive
	zone     *time.Location
	keepDays int
	now      func() time.Time
}

// NewSweeper returns a sweeper; with keepDays 0 it keeps everything.
func NewSweeper(archive *Archive, zone *time.Location, keepDays int) *Sweeper {
	return &Sweeper{archive: archive, zone: zone, keepDays: keepDays, now: time.Now}
}

// Run sweeps at each midnight until ctx ends.
func (s *Sweeper) Run(ctx context.Context) {
	for {
		var due <-chan time.Time
		if s.keepDays > 0 {
			now := s.now()
			due = time.After(nextMidnight(now, s.zone).Sub(now))
		}
		select {
		case <-due:
			s.sweep()
		case <-ctx.Done():
			return
		}
	}
}

func (s *Sweeper) sweep() {
	removed, err := s.archive.Sweep(s.now().AddDate(0, 0, -s.keepDays))
	if err != nil {
		log.Printf("sweep: %v", err)
	}
	log.Printf("sweep: %d failed deliveries removed", removed)
}

// nextMidnight is the first midnight in zone after now.
func nextMidnight(now time.Time, zone *time.Location) time.Time {
	local := now.In(zone)
	today := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, zone)
	return today.Add(24 * time.Hour)
}
