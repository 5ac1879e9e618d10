// Package archive keeps deliveries on disk, one file each.
package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	"example.com/relay/internal/event"
)

// State is the folder that a delivery is in.
type State string

const (
	Pending State = "pending"
	Failed  State = "failed"
)

const suffix = ".json"

// Archive is a folder with a folder for each source.
type Archive struct {
	root string
}

// New returns the archive below root. Folders are made when they are needed.
func New(root string) *Archive {
	return &Archive{root: root}
}

func (a *Archive) folder(source string, state State) string {
	return filepath.Join(a.root, source, string(state))
}

func (a *Archive) path(delivery event.Delivery, state State) string {
	return filepath.Join(a.folder(delivery.Source, state), delivery.Event.ID+"."+delivery.Destination+suffix)
}

// Store writes a delivery to pending. When it returns nil the file is complete and on disk.
func (a *Archive) Store(delivery event.Delivery) error {
	content, err := json.Marshal(delivery)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	target := a.path(delivery, Pending)
	if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	draft, err := os.CreateTemp(filepath.Dir(target), "draft-*")
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	_, err = draft.Write(content)
	if err == nil {
		err = draft.Sync()
	}
	if closing := draft.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(draft.Name(), target)
	}
	if err != nil {
		_ = os.Remove(draft.Name())
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// Done forgets a delivery that has arrived.
func (a *Archive) Done(delivery event.Delivery) error {
	err := os.Remove(a.path(delivery, Pending))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Fail puts a delivery aside.
func (a *Archive) Fail(delivery event.Delivery) error {
	return a.move(delivery, Pending, Failed)
}

// Retry takes a delivery back from failed.
func (a *Archive) Retry(delivery event.Delivery) error {
	return a.move(delivery, Failed, Pending)
}

func (a *Archive) move(delivery event.Delivery, from, to State) error {
	if err := os.MkdirAll(a.folder(delivery.Source, to), 0o700); err != nil {
		return err
	}
	return os.Rename(a.path(delivery, from), a.path(delivery, to))
}

// Load reads all deliveries of a source that are in a state. A file that cannot be read is reported in the log and left
// where it is, so that it does not keep the others from being delivered.
func (a *Archive) Load(source string, state State) ([]event.Delivery, error) {
	entries, err := os.ReadDir(a.folder(source, state))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var found []event.Delivery
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), suffix) {
			continue
		}
		file, err := os.Open(filepath.Join(a.folder(source, state), entry.Name()))
		if err != nil {
			log.Printf("load: %v", err)
			continue
		}
		defer file.Close()
		delivery := event.Delivery{Source: source}
		if err := json.NewDecoder(file).Decode(&delivery); err != nil {
			log.Printf("load %s: %v", entry.Name(), err)
			continue
		}
		found = append(found, delivery)
	}
	return found, nil
}

// Sweep removes failed deliveries that were stored before the given moment, and returns their number.
func (a *Archive) Sweep(before time.Time) (int, error) {
	names, err := filepath.Glob(filepath.Join(a.root, "*", string(Failed), "*"+suffix))
	if err != nil {
		return 0, err
	}
	removed := 0
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil || !info.ModTime().Before(before) {
			continue
		}
		if err := os.Remove(name); err != nil {
			return removed, err
		}
		removed++
	}
	return removed, nil
}
