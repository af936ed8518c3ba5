// Package token makes the identifiers a SIP element must invent: tags,
// branches, and the numbers of SDP sessions. They all come from one source
// that is passed in, so that a seeded run can be replayed.
package token

import (
	"encoding/binary"
	"strings"
)

// Tag is a From or To tag (RFC 3261 §19.3).
type Tag string

// Branch is a Via branch (RFC 3261 §8.1.1.7).
type Branch string

// Cookie starts every RFC 3261 branch.
const Cookie = "z9hG4bK"

// Source is a stream of random numbers. In a running instance it is a
// cryptographic generator seeded by the system; in a test it is seeded.
type Source interface{ Uint64() uint64 }

const alphabet = "0123456789abcdefghijkmnpqrstuvwx"

// NewTag returns a tag of 80 random bits; RFC 3261 §19.3 asks for 32.
func NewTag(s Source) Tag {
	var b [16]byte
	fill(b[:], s)
	return Tag(b[:])
}

// NewBranch returns a branch of 100 random bits behind the magic cookie.
func NewBranch(s Source) Branch {
	var b [len(Cookie) + 20]byte
	copy(b[:], Cookie)
	fill(b[len(Cookie):], s)
	return Branch(b[:])
}

// Bytes16 returns 128 random bits.
func Bytes16(s Source) [16]byte {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], s.Uint64())
	binary.BigEndian.PutUint64(b[8:], s.Uint64())
	return b
}

// SessionID returns a number for an SDP origin line: 62 bits, so that every
// reader's signed 64-bit parser accepts it (RFC 8866 §5.2).
func SessionID(s Source) uint64 { return s.Uint64() >> 2 }

// fill writes random characters of 5 bits each.
func fill(b []byte, s Source) {
	var bits uint64
	left := 0
	for i := range b {
		if left < 5 {
			bits, left = s.Uint64(), 64
		}
		b[i] = alphabet[bits&31]
		bits >>= 5
		left -= 5
	}
}

// TagOf returns the tag of a whole From or To value, or "". The value is one of
// ours, or as the guard leaves it: it has no ";" within quotes behind the URI.
func TagOf(value string) Tag {
	rest := value
	if strings.HasPrefix(rest, `"`) {
		rest = rest[quoted(rest):]
	}
	if _, uri, ok := strings.Cut(rest, "<"); ok {
		_, rest, _ = strings.Cut(uri, ">")
	}
	_, rest, more := strings.Cut(rest, ";")
	for more {
		var param string
		param, rest, more = strings.Cut(rest, ";")
		if name, tag, ok := strings.Cut(param, "="); ok && strings.EqualFold(name, "tag") {
			return Tag(tag)
		}
	}
	return ""
}

// quoted returns how many octets the quoted string at the start of s takes.
func quoted(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}
