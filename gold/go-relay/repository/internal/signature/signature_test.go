package signature

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestCheck(t *testing.T) {
	now := time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)
	body := []byte(`{"amount":1}`)
	good := Sign("a secret of some length", now, body)
	stamp, digits, _ := strings.Cut(good, ",v1=")
	rows := []struct {
		name   string
		header string
		body   string
		at     time.Time
		want   error
	}{
		{"as it was signed", good, `{"amount":1}`, now, nil},
		{"upper case digits", stamp + ",v1=" + strings.ToUpper(digits), `{"amount":1}`, now, nil},
		{"another body", good, `{"amount":2}`, now, ErrWrong},
		{"six minutes late", good, `{"amount":1}`, now.Add(6 * time.Minute), ErrStale},
		{"six minutes early", good, `{"amount":1}`, now.Add(-6 * time.Minute), ErrStale},
		{"no version", "t=1", `{"amount":1}`, now, ErrMalformed},
		{"no number", "t=x,v1=00", `{"amount":1}`, now, ErrMalformed},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			err := Check("a secret of some length", row.header, []byte(row.body), row.at)
			if !errors.Is(err, row.want) {
				t.Errorf("got %v, want %v", err, row.want)
			}
		})
	}
}
