// Package config reads the settings of the relay.
package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"time"
)

// Config does not change after Load.
type Config struct {
	Listen     string            `json:"listen"`
	AdminToken string            `json:"admin_token"`
	Archive    string            `json:"archive"`
	Zone       string            `json:"zone"`
	KeepDays   int               `json:"keep_days"`
	Workers    int               `json:"workers"`
	Sources    map[string]Source `json:"sources"`

	Location *time.Location `json:"-"`
}

// Source is somebody who sends events.
type Source struct {
	Secret       string        `json:"secret"`
	Destinations []Destination `json:"destinations"`
}

// Destination is somebody who gets them.
type Destination struct {
	Name   string   `json:"name"`
	URL    string   `json:"url"`
	Secret string   `json:"secret"`
	Kinds  []string `json:"kinds"`
}

// Names become parts of paths and of log lines.
var name = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// Load reads and checks the file at path.
func Load(path string) (Config, error) {
	file, err := os.Open(path)
	if err != nil {
		return Config{}, err
	}
	defer file.Close()
	settings := Config{Listen: ":8080", Zone: "UTC", Workers: 8}
	decoder := json.NewDecoder(file)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&settings); err != nil {
		return Config{}, fmt.Errorf("%s: %w", path, err)
	}
	if err := settings.check(); err != nil {
		return Config{}, fmt.Errorf("%s: %w", path, err)
	}
	settings.Location, err = time.LoadLocation(settings.Zone)
	if err != nil {
		return Config{}, fmt.Errorf("%s: %w", path, err)
	}
	return settings, nil
}

func (c Config) check() error {
	if len(c.AdminToken) < 24 {
		return errors.New("admin_token is shorter than 24 characters")
	}
	if c.Archive == "" || c.Workers < 1 || c.KeepDays < 0 {
		return errors.New("archive, workers or keep_days make no sense")
	}
	for key, source := range c.Sources {
		if !name.MatchString(key) || len(source.Secret) < 16 {
			return fmt.Errorf("source %q needs a plain name and a secret of 16 characters", key)
		}
		seen := map[string]bool{}
		for _, destination := range source.Destinations {
			if !name.MatchString(destination.Name) || seen[destination.Name] {
				return fmt.Errorf("source %s: destination %q is no plain name, or stands twice", key, destination.Name)
			}
			seen[destination.Name] = true
			target, err := url.Parse(destination.URL)
			if err != nil || target.Host == "" || (target.Scheme != "https" && target.Scheme != "http") {
				return fmt.Errorf("destination %s has no usable url", destination.Name)
			}
			if len(destination.Secret) < 16 {
				return fmt.Errorf("destination %s needs a secret of 16 characters", destination.Name)
			}
		}
	}
	return nil
}

// Find returns the destination of that name.
func (s Source) Find(wanted string) (Destination, bool) {
	for _, destination := range s.Destinations {
		if destination.Name == wanted {
			return destination, true
		}
	}
	return Destination{}, false
}

// Wants tells whether events of this kind go to d; without kinds it takes all.
func (d Destination) Wants(kind string) bool {
	for _, wanted := range d.Kinds {
		if wanted == kind {
			return true
		}
	}
	return len(d.Kinds) == 0
}
