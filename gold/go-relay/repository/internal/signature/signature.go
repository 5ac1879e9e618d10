// Package signature signs bodies and checks signed ones.
package signature

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Tolerance is how far the clock of a source may be from ours.
const Tolerance = 5 * time.Minute

var (
	ErrMalformed = errors.New("malformed signature")
	ErrStale     = errors.New("signature is too old or too new")
	ErrWrong     = errors.New("signature does not match")
)

// Sign returns the header value for body, as of the moment at.
func Sign(secret string, at time.Time, body []byte) string {
	seconds := strconv.FormatInt(at.Unix(), 10)
	return fmt.Sprintf("t=%s,v1=%s", seconds, digest(secret, seconds, body))
}

// Check tells whether header was made for body by somebody who knows secret, around the moment now.
func Check(secret, header string, body []byte, now time.Time) error {
	stamp, claimed, found := strings.Cut(header, ",")
	if !found || !strings.HasPrefix(stamp, "t=") || !strings.HasPrefix(claimed, "v1=") {
		return ErrMalformed
	}
	stamp, claimed = stamp[len("t="):], claimed[len("v1="):]
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return ErrMalformed
	}
	// Some sources write their digits in upper case.
	if !strings.EqualFold(digest(secret, stamp, body), claimed) {
		return ErrWrong
	}
	age := now.Sub(time.Unix(seconds, 0))
	if age > Tolerance || age < -Tolerance {
		return ErrStale
	}
	return nil
}

func digest(secret, seconds string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(seconds))
	mac.Write([]byte{'.'})
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}
