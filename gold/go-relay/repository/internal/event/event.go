// Package event has the types that everything else passes around.
package event

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"time"
)

// Event is what a source has sent.
type Event struct {
	ID       string          `json:"id"`
	Kind     string          `json:"kind"`
	Received time.Time       `json:"received"`
	Body     json.RawMessage `json:"body"`
}

// Delivery is one event on its way to one destination.
type Delivery struct {
	// Source is where the delivery lies in the archive, not what somebody wrote into the file.
	Source      string `json:"-"`
	Destination string `json:"destination"`
	Event       Event  `json:"event"`
}

// NewID returns 128 random bits.
func NewID() string {
	var bits [16]byte
	if _, err := rand.Read(bits[:]); err != nil {
		panic(err)
	}
	return hex.EncodeToString(bits[:])
}
