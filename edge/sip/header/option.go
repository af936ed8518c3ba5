package header

import (
	"strings"

	"github.com/emiago/sipgo/sip"
)

// HasOption reports whether an option tag, in any case, is listed in Supported,
// Require, Proxy-Require or Unsupported (RFC 3261 §19.2).
func HasOption(m sip.Message, name, tag string) bool {
	return containsFold(Values(m, name), tag)
}

// Lacking returns the option tags of a Require header that are not among known,
// in their order: the Unsupported header of a 420 (RFC 3261 §8.2.2.3).
func Lacking(m sip.Message, name string, known []string) []string {
	var lacking []string
	for _, tag := range Values(m, name) {
		if !containsFold(known, tag) {
			lacking = append(lacking, tag)
		}
	}
	return lacking
}

// Allows reports whether Allow lists a method. A message without Allow says
// nothing (RFC 3261 §20.5), which is what known tells.
func Allows(m sip.Message, method sip.RequestMethod) (allowed, known bool) {
	for _, v := range Values(m, "Allow") {
		known = true
		if v == string(method) {
			return true, true
		}
	}
	return false, known
}

// EarlyMedia is the list of em-params of P-Early-Media (RFC 5009 §8), in lower
// case: supported, gated, and one direction for each media line, as seen by the
// header's sender.
type EarlyMedia []string

// ParseEarlyMedia reads the values of all P-Early-Media lines of a message.
func ParseEarlyMedia(values []string) (EarlyMedia, error) {
	var e EarlyMedia
	for _, v := range values {
		for value, rest, more := nextValue(v); ; value, rest, more = nextValue(rest) {
			if !allToken(value) {
				return nil, syntax("P-Early-Media")
			}
			e = append(e, strings.ToLower(value))
			if !more {
				break
			}
		}
	}
	return e, nil
}

// String writes the list.
func (e EarlyMedia) String() string { return strings.Join(e, ", ") }

// Supported reports that the sender understands the header.
func (e EarlyMedia) Supported() bool { return containsFold(e, "supported") }

// Gated reports that the sender's network already blocks early media.
func (e EarlyMedia) Gated() bool { return containsFold(e, "gated") }

// Direction returns the first direction: sendrecv, sendonly, recvonly, inactive,
// or "" where none is given.
func (e EarlyMedia) Direction() string {
	for _, v := range e {
		switch v {
		case "sendrecv", "sendonly", "recvonly", "inactive":
			return v
		}
	}
	return ""
}
