package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/url"
	"time"

	"example.com/relay/internal/archive"
	"example.com/relay/internal/config"
)

const dialTimeout = 10 * time.Second

// admin lets only operators in.
func (s *Server) admin(method string, next http.HandlerFunc) http.Handler {
	expected := sha256.Sum256([]byte("Bearer " + s.settings.AdminToken))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given := sha256.Sum256([]byte(r.Header.Get("Authorization")))
		if subtle.ConstantTimeCompare(given[:], expected[:]) != 1 {
			http.Error(w, "not for you", http.StatusUnauthorized)
			return
		}
		if r.Method != method {
			w.Header().Set("Allow", method)
			http.Error(w, "other method", http.StatusMethodNotAllowed)
			return
		}
		next(w, r)
	})
}

func (s *Server) showStats(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(s.stats.Snapshot()); err != nil {
		log.Printf("stats: %v", err)
	}
}

// probe dials all destinations of a source at once and answers after s.patience at the latest.
func (s *Server) probe(w http.ResponseWriter, r *http.Request) {
	source, known := s.settings.Sources[r.URL.Query().Get("source")]
	if !known {
		http.Error(w, "no such source", http.StatusNotFound)
		return
	}
	results := make(chan string)
	for _, destination := range source.Destinations {
		go func(d config.Destination) { results <- s.reach(d) }(destination)
	}
	deadline := time.After(s.patience)
	for range source.Destinations {
		select {
		case line := <-results:
			fmt.Fprintln(w, line)
		case <-deadline:
			fmt.Fprintln(w, "the others did not answer in time")
			return
		}
	}
}

func (s *Server) reach(destination config.Destination) string {
	target, err := url.Parse(destination.URL)
	if err != nil {
		return destination.Name + ": " + err.Error()
	}
	port := target.Port()
	if port == "" {
		port = target.Scheme
	}
	connection, err := s.dial("tcp", net.JoinHostPort(target.Hostname(), port), dialTimeout)
	if err != nil {
		return destination.Name + ": " + err.Error()
	}
	if err := connection.Close(); err != nil {
		return destination.Name + ": " + err.Error()
	}
	return destination.Name + ": ok"
}

// replay offers the failed deliveries of a source again.
func (s *Server) replay(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("source")
	if _, known := s.settings.Sources[name]; !known {
		http.Error(w, "no such source", http.StatusNotFound)
		return
	}
	found, err := s.archive.Load(name, archive.Failed)
	if err != nil {
		log.Printf("replay %s: %v", name, err)
		http.Error(w, "archive cannot be read", http.StatusInternalServerError)
		return
	}
	offered := 0
	for _, delivery := range found {
		if err := s.archive.Retry(delivery); err != nil {
			log.Printf("replay %s: %q: %v", name, delivery.Event.ID, err)
			continue
		}
		s.queue.Push(delivery)
		offered++
	}
	fmt.Fprintf(w, "%d of %d offered again\n", offered, len(found))
}
