package prompt

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// An operator's clip is refused outside these lengths: below, nothing can be
// understood; above, a refused caller would occupy a trunk channel for free.
const (
	shortest = 100 * time.Millisecond
	longest  = 35 * time.Second
)

// Load returns the embedded set with the clips of an operator's folder in
// place of those of the same name, whatever its case: emergency.ulaw replaces
// "emergency", music/hold.ulaw replaces "music/hold", and any other
// music/NAME.ulaw adds "music/name". Files are raw mu-law of 0.1 to 35 s.
// An empty folder name means Embedded.
//
// The error joins every fault, each with the file's name: a name that
// replaces nothing, a wrong length, a container format such as WAV, two files
// for one key. Files that neither end in .ulaw nor bear an announcement's
// name are not ours to judge.
func Load(folder string) (*Set, error) {
	set := Embedded()
	if folder == "" {
		return set, nil
	}
	l := loader{set: set, from: map[string]string{}}
	l.announcements(folder)
	l.music(filepath.Join(folder, "music"))
	if len(l.faults) > 0 {
		return nil, errors.Join(l.faults...)
	}
	return set, nil
}

type loader struct {
	set    *Set
	from   map[string]string // key to the file that gave it
	faults []error
}

func (l *loader) announcements(folder string) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		l.fault(folder, err)
		return
	}
	for _, e := range entries {
		name := filepath.Join(folder, e.Name())
		extension := filepath.Ext(e.Name())
		key := strings.ToLower(strings.TrimSuffix(e.Name(), extension))
		_, known := l.set.clips[key]
		switch {
		case e.IsDir():
		case !strings.EqualFold(extension, suffix) && known:
			l.fault(name, errors.New("an announcement must be raw mu-law, named .ulaw"))
		case !strings.EqualFold(extension, suffix):
		case !known:
			l.fault(name, errors.New("there is no announcement of this name"))
		default:
			l.read(name, key)
		}
	}
}

func (l *loader) music(folder string) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		l.fault(folder, err)
		return
	}
	for _, e := range entries {
		extension := filepath.Ext(e.Name())
		if e.IsDir() || !strings.EqualFold(extension, suffix) {
			continue
		}
		key := "music/" + strings.ToLower(strings.TrimSuffix(e.Name(), extension))
		l.read(filepath.Join(folder, e.Name()), key)
	}
}

func (l *loader) read(name, key string) {
	if other, twice := l.from[key]; twice {
		l.fault(name, fmt.Errorf("%s gives %q too", other, key))
		return
	}
	l.from[key] = name
	clip, err := readClip(name)
	if err != nil {
		l.fault(name, err)
		return
	}
	l.set.clips[key] = clip
}

func (l *loader) fault(name string, err error) {
	var ours *fs.PathError // says the name itself
	if !errors.As(err, &ours) {
		err = fmt.Errorf("%s: %w", name, err)
	}
	l.faults = append(l.faults, err)
}

func readClip(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	if n := info.Size(); n < int64(octets(shortest)) || n > int64(octets(longest)) {
		return nil, fmt.Errorf("%.3f s long, must be %v to %v", float64(n)/Rate, shortest, longest)
	}
	clip, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	for _, magic := range []string{"RIFF", ".snd", "FORM", "OggS", "ID3", "fLaC"} {
		if bytes.HasPrefix(clip, []byte(magic)) {
			return nil, fmt.Errorf("has a %q header, must be raw mu-law", magic)
		}
	}
	return clip, nil
}

func octets(d time.Duration) int { return int(d * Rate / time.Second) }
