package archive

import (
	"encoding/json"
	"testing"
	"time"

	"example.com/relay/internal/event"
)

func delivery(id string) event.Delivery {
	return event.Delivery{
		Source:      "shop",
		Destination: "ledger",
		Event:       event.Event{ID: id, Kind: "paid", Body: json.RawMessage(`{"amount":1}`)},
	}
}

func count(t *testing.T, a *Archive, state State) int {
	t.Helper()
	found, err := a.Load("shop", state)
	if err != nil {
		t.Fatal(err)
	}
	return len(found)
}

func TestDeliveryMovesThroughTheArchive(t *testing.T) {
	a := New(t.TempDir())
	if err := a.Store(delivery("e1")); err != nil {
		t.Fatal(err)
	}
	if err := a.Store(delivery("e2")); err != nil {
		t.Fatal(err)
	}
	if err := a.Fail(delivery("e1")); err != nil {
		t.Fatal(err)
	}
	if pending, failed := count(t, a, Pending), count(t, a, Failed); pending != 1 || failed != 1 {
		t.Fatalf("%d pending, %d failed", pending, failed)
	}
	if err := a.Retry(delivery("e1")); err != nil {
		t.Fatal(err)
	}
	for range [2]int{} {
		if err := a.Done(delivery("e1")); err != nil {
			t.Fatal(err)
		}
	}
	if pending := count(t, a, Pending); pending != 1 {
		t.Fatalf("%d pending", pending)
	}
}

func TestSweepTakesOnlyWhatIsOld(t *testing.T) {
	a := New(t.TempDir())
	for _, id := range []string{"e1", "e2"} {
		if err := a.Store(delivery(id)); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Fail(delivery("e1")); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		before time.Time
		want   int
	}{{time.Now().Add(-time.Hour), 0}, {time.Now().Add(time.Hour), 1}} {
		if removed, err := a.Sweep(row.before); err != nil || removed != row.want {
			t.Fatalf("removed %d, %v", removed, err)
		}
	}
	if pending := count(t, a, Pending); pending != 1 {
		t.Fatalf("%d pending", pending)
	}
}

func TestNextMidnight(t *testing.T) {
	now := time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)
	if got := nextMidnight(now, time.UTC); !got.Equal(time.Date(2024, 3, 2, 0, 0, 0, 0, time.UTC)) {
		t.Fatalf("got %v", got)
	}
}
