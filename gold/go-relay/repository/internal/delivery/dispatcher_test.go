package delivery

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"example.com/relay/internal/archive"
	"example.com/relay/internal/config"
	"example.com/relay/internal/event"
	"example.com/relay/internal/queue"
	"example.com/relay/internal/signature"
	"example.com/relay/internal/stats"
)

const secret = "the secret of the ledger"

func sample() event.Delivery {
	return event.Delivery{
		Source:      "shop",
		Destination: "ledger",
		Event:       event.Event{ID: "e1", Kind: "paid", Body: json.RawMessage(`{"amount":1}`)},
	}
}

func dispatcherTo(t *testing.T, answer http.HandlerFunc) *Dispatcher {
	t.Helper()
	receiver := httptest.NewServer(answer)
	t.Cleanup(receiver.Close)
	settings := config.Config{Sources: map[string]config.Source{
		"shop": {Destinations: []config.Destination{{Name: "ledger", URL: receiver.URL, Secret: secret}}},
	}}
	d := NewDispatcher(settings, queue.New(), NewSender("test"), archive.New(t.TempDir()), stats.New())
	d.pause = func(context.Context, time.Duration) {}
	return d
}

func TestDeliverSignsTheBody(t *testing.T) {
	checked := make(chan error, 1)
	d := dispatcherTo(t, func(_ http.ResponseWriter, r *http.Request) {
		checked <- signature.Check(secret, r.Header.Get("Relay-Signature"), []byte(`{"amount":1}`), time.Now())
	})
	if err := d.deliver(context.Background(), sample()); err != nil {
		t.Fatal(err)
	}
	if err := <-checked; err != nil {
		t.Fatal(err)
	}
}

func TestDeliverTriesAgain(t *testing.T) {
	rows := []struct {
		name   string
		codes  []int
		calls  int32
		failed bool
	}{
		{"taken at once", []int{204}, 1, false},
		{"taken after two outages", []int{503, 429, 200}, 3, false},
		{"refused", []int{422}, 1, true},
		{"moved", []int{301}, 1, true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var calls int32
			d := dispatcherTo(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(row.codes[atomic.AddInt32(&calls, 1)-1])
			})
			err := d.deliver(context.Background(), sample())
			if (err != nil) != row.failed || calls != row.calls {
				t.Fatalf("%v after %d calls", err, calls)
			}
		})
	}
}

func TestBackoffStaysInItsRange(t *testing.T) {
	for attempt := 1; attempt < 100; attempt++ {
		if wait := backoff(attempt); wait < firstWait || wait > 16*time.Second {
			t.Fatalf("attempt %d waits %v", attempt, wait)
		}
	}
}

func TestWorkersEndWithTheQueue(t *testing.T) {
	d := dispatcherTo(t, func(http.ResponseWriter, *http.Request) {})
	d.Start(context.Background(), 3)
	d.queue.Close()
	limit, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if !d.Wait(limit) {
		t.Fatal("workers are still there")
	}
}
