// Package delivery sends events to their destinations.
package delivery

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"example.com/relay/internal/config"
	"example.com/relay/internal/event"
	"example.com/relay/internal/signature"
)

type header struct {
	name  string
	value string
}

// StatusError is an answer other than 2xx.
type StatusError struct {
	Code int
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("destination answered %d", e.Code)
}

// permanent tells whether the same request would get the same answer again.
func permanent(err error) bool {
	var status *StatusError
	if !errors.As(err, &status) {
		return false
	}
	if status.Code == http.StatusRequestTimeout || status.Code == http.StatusTooManyRequests {
		return false
	}
	return status.Code < 500
}

// Sender makes one attempt at a time. It is shared by all workers.
type Sender struct {
	client *http.Client
	common []header
	now    func() time.Time
}

// NewSender returns a sender that introduces itself as agent.
func NewSender(agent string) *Sender {
	common := make([]header, 0, 8)
	common = append(common, header{"User-Agent", agent}, header{"Content-Type", "application/json"})
	return &Sender{
		// A signed event goes to the configured host or to nobody; a redirect counts as a refusal.
		client: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		common: common,
		now:    time.Now,
	}
}

// Send makes one attempt; anything but a 2xx is an error.
func (s *Sender) Send(destination config.Destination, e event.Event) error {
	request, err := http.NewRequest(http.MethodPost, destination.URL, bytes.NewReader(e.Body))
	if err != nil {
		return fmt.Errorf("send: %w", err)
	}
	headers := append(s.common,
		header{"Relay-Event", e.ID},
		header{"Relay-Delivery", event.NewID()},
		header{"Relay-Signature", signature.Sign(destination.Secret, s.now(), e.Body)},
	)
	for _, h := range headers {
		request.Header.Set(h.name, h.value)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return fmt.Errorf("send: %w", err)
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return &StatusError{Code: response.StatusCode}
	}
	defer response.Body.Close()
	// Reading a little of the answer lets the connection be used again; what it says does not matter.
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10))
	return nil
}
