package prompt

import (
	"embed"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// Rate is the number of samples, and so of octets, per second of every clip.
const Rate = 8000

// Keys of what is generated rather than recorded.
const (
	Ringback = "tone/ringback" // 1 s on, 2 s off
	Busy     = "tone/busy"     // 0.5 s on, 0.5 s off
	Dial     = "tone/dial"     // 1 s, continuous when looped
	Beep     = "tone/beep"     // 0.4 s and 0.1 s of silence
	Silence  = "tone/silence"  // 1 s
	Hold     = "music/hold"    // 16 s
)

const suffix = ".ulaw"

//go:embed audio/*.ulaw
var recorded embed.FS

// Set maps keys to clips. It is immutable.
type Set struct {
	clips map[string][]byte
}

// Embedded returns the set that ships with the program. It takes some
// milliseconds: make one set and share it.
func Embedded() *Set {
	clips := map[string][]byte{
		Ringback: ringback(),
		Busy:     busy(),
		Dial:     dial(),
		Beep:     beep(),
		Silence:  silence(Rate),
		Hold:     melody(),
	}
	entries, err := recorded.ReadDir("audio")
	if err != nil {
		panic(fmt.Sprintf("prompt: embedded audio: %v", err)) // the binary is ours
	}
	for _, e := range entries {
		clip, err := recorded.ReadFile(path.Join("audio", e.Name()))
		if err != nil {
			panic(fmt.Sprintf("prompt: embedded audio: %v", err))
		}
		clips[strings.TrimSuffix(e.Name(), suffix)] = clip
	}
	return &Set{clips: clips}
}

// Clip returns the mu-law octets of a key, and whether the set has it. The
// slice is shared: read it only.
func (s *Set) Clip(key string) (ulaw []byte, ok bool) {
	ulaw, ok = s.clips[key]
	return ulaw, ok
}

// Keys returns every key, sorted.
func (s *Set) Keys() []string {
	return slices.Sorted(maps.Keys(s.clips))
}
