package header

import (
	"strconv"
	"strings"
)

// Press is a key press as an INFO tells it: application/dtmf-relay is lines of
// Signal and Duration, application/dtmf the key alone. Neither has an RFC; both
// are what gateways have sent for twenty years.
type Press struct {
	Key byte // '0' to '9', '*', '#', 'A' to 'D'
	// Duration is in milliseconds, 0 where none is told.
	Duration int
}

// ParsePress reads the body of an INFO of either type.
func ParsePress(body []byte) (Press, error) {
	text := string(body)
	if !strings.Contains(text, "=") {
		return keyOf(strings.TrimSpace(text), "")
	}
	var signal, duration string
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(line, "=")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "signal":
			signal = strings.TrimSpace(value)
		case "duration":
			duration = strings.TrimSpace(value)
		}
	}
	return keyOf(signal, duration)
}

// maxPress bounds a key press: longer ones are a stuck key.
const maxPress = 60_000

func keyOf(signal, duration string) (Press, error) {
	var p Press
	switch strings.ToUpper(signal) {
	case "10", "*", "STAR":
		p.Key = '*'
	case "11", "#", "POUND":
		p.Key = '#'
	case "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "A", "B", "C", "D":
		p.Key = strings.ToUpper(signal)[0]
	default:
		return p, syntax("key press")
	}
	if ms, ok := decimal(duration, maxPress); ok && duration != "" {
		p.Duration = int(ms)
	}
	return p, nil
}

// String writes it as application/dtmf-relay.
func (p Press) String() string {
	ms := p.Duration
	if ms == 0 {
		ms = 160 // what most gateways send
	}
	return "Signal=" + string(p.Key) + "\r\nDuration=" + strconv.Itoa(ms) + "\r\n"
}
