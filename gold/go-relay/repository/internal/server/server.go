// Package server is the HTTP side of the relay.
package server

import (
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"time"

	"example.com/relay/internal/archive"
	"example.com/relay/internal/config"
	"example.com/relay/internal/dedupe"
	"example.com/relay/internal/event"
	"example.com/relay/internal/queue"
	"example.com/relay/internal/signature"
	"example.com/relay/internal/stats"
)

const maxBody = 256 << 10

// Server answers sources and operators.
type Server struct {
	settings config.Config
	archive  *archive.Archive
	queue    *queue.Queue
	stats    *stats.Stats
	window   *dedupe.Window
	now      func() time.Time
	dial     func(network, address string, timeout time.Duration) (net.Conn, error)
	patience time.Duration
}

// New returns a server that does not listen.
func New(
	settings config.Config, store *archive.Archive, waiting *queue.Queue, counts *stats.Stats, window *dedupe.Window,
) *Server {
	return &Server{
		settings: settings, archive: store, queue: waiting, stats: counts, window: window,
		now: time.Now, dial: net.DialTimeout, patience: 3 * time.Second,
	}
}

// Handler returns all routes.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/hooks/", s.receive)
	mux.Handle("/admin/stats", s.admin(http.MethodGet, s.showStats))
	mux.Handle("/admin/probe", s.admin(http.MethodGet, s.probe))
	mux.Handle("/admin/replay", s.admin(http.MethodPost, s.replay))
	return mux
}

func (s *Server) receive(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "post an event", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/hooks/")
	source, known := s.settings.Sources[name]
	if !known {
		http.Error(w, "no such source", http.StatusNotFound)
		return
	}

	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			http.Error(w, "event is too large", http.StatusRequestEntityTooLarge)
			return
		}
		http.Error(w, "body cannot be read", http.StatusBadRequest)
		return
	}
	if err := signature.Check(source.Secret, r.Header.Get("X-Signature"), body, s.now()); err != nil {
		log.Printf("%s: %v from %s", name, err, r.RemoteAddr)
		http.Error(w, "signature refused", http.StatusUnauthorized)
		return
	}
	if !json.Valid(body) {
		http.Error(w, "event is no JSON", http.StatusBadRequest)
		return
	}

	id := r.Header.Get("X-Event-Id")
	if id == "" {
		id = event.NewID()
	}
	if len(id) > 128 {
		http.Error(w, "event id is too long", http.StatusBadRequest)
		return
	}
	key := name + " " + id
	switch s.window.Claim(key) {
	case dedupe.Busy:
		http.Error(w, "the same event is being stored", http.StatusConflict)
		return
	case dedupe.Known:
		w.WriteHeader(http.StatusAccepted)
		return
	}
	kept := false
	defer func() { s.window.Settle(key, kept) }()

	accepted := event.Event{ID: id, Kind: r.Header.Get("X-Event-Kind"), Received: s.now(), Body: body}
	var deliveries []event.Delivery
	for _, destination := range source.Destinations {
		if !destination.Wants(accepted.Kind) {
			continue
		}
		delivery := event.Delivery{Source: name, Destination: destination.Name, Event: accepted}
		if err := s.archive.Store(delivery); err != nil {
			log.Printf("%s: event %q: %v", name, id, err)
			http.Error(w, "event could not be stored", http.StatusInternalServerError)
			return
		}
		deliveries = append(deliveries, delivery)
	}
	kept = true
	for _, delivery := range deliveries {
		s.stats.Count(name, delivery.Destination, stats.Accepted)
		s.queue.Push(delivery)
	}
	if len(deliveries) == 0 {
		log.Printf("%s: nobody wants %q (%q)", name, id, accepted.Kind)
	}
	w.WriteHeader(http.StatusAccepted)
}
