package demo

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sekisho/edge/lab/audio"
)

// Fault is a change of what the product is given.
type Fault uint8

// The faults.
const (
	NoFault Fault = iota
	// AUMask takes the mask rules (R27, R28) out of au's profile.
	AUMask
	// Emergency has silence played for the emergency announcement.
	Emergency
	// Audio scrambles the payload of the RTP that docomo sends.
	Audio
)

// String returns the fault's word, "" for none.
func (f Fault) String() string {
	return [...]string{"", "au-mask", "emergency", "audio"}[f]
}

// describe tells what is different, for the header.
func (f Fault) describe() string {
	return [...]string{
		"",
		"the au profile has lost the rules that mask callers",
		"a folder of prompts has silence for the emergency announcement",
		"the line from docomo to the border scrambles the payload of RTP packets",
	}[f]
}

// Faults returns all faults.
func Faults() []Fault { return []Fault{AUMask, Emergency, Audio} }

// ParseFault returns the fault of a word; the empty word is NoFault.
func ParseFault(word string) (Fault, error) {
	if word == "" {
		return NoFault, nil
	}
	var words []string
	for _, f := range Faults() {
		if f.String() == word {
			return f, nil
		}
		words = append(words, f.String())
	}
	return NoFault, fmt.Errorf("nothing called %q can be broken; there are %s", word, strings.Join(words, ", "))
}

// silentPrompts makes a folder whose emergency announcement is 1 s of silence.
// Whoever calls it removes the folder.
func silentPrompts() (folder string, err error) {
	const (
		seconds = 1
		silence = "\xff" // mu-law
	)
	folder, err = os.MkdirTemp("", "sekisho-demo-")
	if err != nil {
		return "", err
	}
	clip := strings.Repeat(silence, seconds*audio.Rate)
	return folder, os.WriteFile(filepath.Join(folder, "emergency.ulaw"), []byte(clip), 0o600)
}

// scramble spoils what an RTP packet carries and leaves its header as it is:
// the packet is counted, relayed and played, and means nothing.
func scramble(packet []byte) {
	const header = 12 // RFC 3550 §5.1; the lab sends no CSRC
	noise := uint32(packet[3])<<8 | uint32(packet[7]) | 1<<16
	for i := header; i < len(packet); i++ {
		noise = noise*1664525 + 1013904223 // Numerical Recipes' generator
		packet[i] ^= byte(noise >> 24)
	}
}
