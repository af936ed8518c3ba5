package srtp

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
)

// longest is the length of the longest master key with its salt.
const longest = 32 + 14

// Key is a suite with its master key and salt. It is comparable; the zero Key is
// plain RTP. Its bytes are printed by nothing: neither fmt nor a log nor JSON.
type Key struct {
	suite Suite
	bytes [longest]byte
}

// NewKey returns the key of a suite, given master key and salt in one piece. It
// reports false where their length is another than Suite.Length.
func NewKey(s Suite, material []byte) (Key, bool) {
	if s == Plain || s >= suites || len(material) != s.Length() {
		return Key{}, false
	}
	k := Key{suite: s}
	copy(k.bytes[:], material)
	return k, true
}

// Suite returns the key's suite.
func (k *Key) Suite() Suite { return k.suite }

// IsZero reports plain RTP.
func (k *Key) IsZero() bool { return k.suite == Plain }

// Material returns master key and salt in one piece. It is for SDP alone.
func (k *Key) Material() []byte { return k.bytes[:k.suite.Length()] }

// Same reports whether both keys have the same bytes, whatever their suites.
func (k *Key) Same(other *Key) bool {
	return subtle.ConstantTimeCompare(k.bytes[:], other.bytes[:]) == 1
}

// Format writes the suite, for every verb of fmt.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// String returns the name of the suite.
func (k Key) String() string { return k.suite.name() }

// name is the suite's where something has to be said of plain RTP too.
func (s Suite) name() string {
	if s == Plain {
		return "RTP"
	}
	return s.String()
}

// MarshalText writes the suite into JSON and logs.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads plain RTP alone: text holds no keys.
func (k *Key) UnmarshalText(text []byte) error {
	if string(text) != Plain.name() {
		return errors.New("an SRTP key cannot be read from text")
	}
	*k = Key{}
	return nil
}

// MarshalBinary is for snapshots: it holds the key.
func (k Key) MarshalBinary() ([]byte, error) {
	return append([]byte{byte(k.suite)}, k.Material()...), nil
}

// UnmarshalBinary reads what MarshalBinary wrote.
func (k *Key) UnmarshalBinary(data []byte) error {
	if len(data) == 1 && Suite(data[0]) == Plain {
		*k = Key{}
		return nil
	}
	if len(data) > 0 {
		if read, ok := NewKey(Suite(data[0]), data[1:]); ok {
			*k = read
			return nil
		}
	}
	return errors.New("no SRTP key")
}

func (k *Key) master() (key, salt []byte) {
	n := table[k.suite].key
	return k.bytes[:n], k.bytes[n:k.suite.Length()]
}

// Keys are those of one endpoint. Both are zero, or neither.
type Keys struct {
	// In is the peer's, of what it sends; Out is ours.
	In, Out Key
}
