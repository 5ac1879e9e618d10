// Package dedupe recognises events that have been here before.
package dedupe

import "sync"

// Verdict is what is known about a key.
type Verdict int

const (
	// Fresh was never seen; the caller has it now and must call Settle.
	Fresh Verdict = iota
	// Busy is with another caller who has not settled it.
	Busy
	// Known was kept before.
	Known
)

// Window remembers keys in two generations of at most limit each.
type Window struct {
	mu       sync.Mutex
	limit    int
	working  map[string]struct{}
	current  map[string]struct{}
	previous map[string]struct{}
}

// New returns a window that remembers between limit and twice limit keys.
func New(limit int) *Window {
	return &Window{
		limit:    limit,
		working:  map[string]struct{}{},
		current:  map[string]struct{}{},
		previous: map[string]struct{}{},
	}
}

// Claim asks for a key.
func (w *Window) Claim(key string) Verdict {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, busy := w.working[key]; busy {
		return Busy
	}
	_, young := w.current[key]
	_, old := w.previous[key]
	if young || old {
		return Known
	}
	w.working[key] = struct{}{}
	return Fresh
}

// Settle ends a claim. A key that was not kept may be claimed again.
func (w *Window) Settle(key string, kept bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.working, key)
	if !kept {
		return
	}
	if len(w.current) >= w.limit {
		w.previous, w.current = w.current, map[string]struct{}{}
	}
	w.current[key] = struct{}{}
}
