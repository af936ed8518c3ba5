package scenario

import (
	"fmt"
	"strings"

	"sekisho/edge/lab/audio"
	"sekisho/media/prompt"
)

// Sounds is what can be said and heard in a world. It is read-only and may be
// shared by worlds.
type Sounds struct {
	prompts *prompt.Set
	voices  map[string][]byte // by party
	// deaf gives no judgement: it is the dearest part of a play.
	deaf bool
}

// NewSounds makes a voice for each party. It takes some tens of milliseconds.
func NewSounds() *Sounds {
	s := &Sounds{prompts: prompt.Embedded(), voices: make(map[string][]byte)}
	for i, r := range residents() {
		s.voices[r.name] = audio.Voice(uint64(i + 1))
	}
	return s
}

// Deaf returns the same sounds for a play whose outcome nobody asks for.
func (s *Sounds) Deaf() *Sounds {
	d := *s
	d.deaf = true
	return &d
}

// judge tells in words whether what was heard is what.
func (s *Sounds) judge(pcm []int16, what string) string {
	if s.deaf {
		return "?"
	}
	if voice, ok := s.voices[what]; ok {
		return loop(pcm, voice, "the voice of "+what)
	}
	switch what {
	case "music":
		clip, _ := s.prompts.Clip(prompt.Hold)
		return loop(pcm, clip, "hold music")
	case "busy", "ringback", "dial":
		if p := audio.Cadence(pcm); p.Signal.String() != what {
			return fmt.Sprintf("no %s tone: %v", what, p)
		}
		return what + " tone"
	case "nothing":
		if !audio.Silent(pcm) {
			return fmt.Sprintf("something, at %.0f dBFS", audio.Level(pcm))
		}
		return what
	}
	var clip []byte
	for _, key := range strings.Fields(what) { // several make one sentence
		part, ok := s.prompts.Clip(key)
		if !ok {
			return "there is no sound " + key
		}
		clip = append(clip, part...)
	}
	switch n := len(audio.Occurrences(pcm, audio.Decode(clip))); n {
	case 0:
		return fmt.Sprintf("not %s: %v", what, audio.Hears(pcm, audio.Decode(clip)))
	case 1:
		return what
	default:
		return fmt.Sprintf("%s, %d times", what, n)
	}
}

// enough is the least that must be heard of a loop to tell what it is.
const enough = audio.Rate / 2

func loop(pcm []int16, clip []byte, name string) string {
	v := audio.HearsLoop(pcm, audio.Decode(clip))
	switch {
	case len(pcm) < enough:
		return fmt.Sprintf("not %s: %d ms in all", name, len(pcm)*1000/audio.Rate)
	case !v.OK:
		return fmt.Sprintf("not %s: %v", name, v)
	}
	return name
}
