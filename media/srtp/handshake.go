package srtp

import (
	"encoding/hex"
	"strings"
)

// Fingerprint is the SHA-256 of a certificate (RFC 8122 §5). The zero Fingerprint
// is of none.
type Fingerprint [32]byte

// IsZero reports that there is none.
func (f Fingerprint) IsZero() bool { return f == Fingerprint{} }

// String returns it as SDP writes it: "4A:AD:…".
func (f Fingerprint) String() string {
	text := strings.ToUpper(hex.EncodeToString(f[:]))
	var b strings.Builder
	for i := 0; i < len(text); i += 2 {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(text[i : i+2])
	}
	return b.String()
}

// ParseFingerprint reads what String writes, in either case.
func ParseFingerprint(text string) (f Fingerprint, ok bool) {
	if len(text) != 3*len(f)-1 {
		return Fingerprint{}, false
	}
	for i := range f {
		if i > 0 && text[3*i-1] != ':' {
			return Fingerprint{}, false
		}
		if _, err := hex.Decode(f[i:i+1], []byte(text[3*i:3*i+2])); err != nil {
			return Fingerprint{}, false
		}
	}
	return f, !f.IsZero()
}

// Role is our part in a DTLS handshake.
type Role uint8

// The roles. A server waits for the peer's first flight, which opens the way
// through the peer's NAT as well.
const (
	NoRole Role = iota
	Server
	Client
)

// Handshake is a DTLS association that the keys of a session come from (RFC 5764),
// in place of Keys. It is comparable: another value is another association, and
// the zero Handshake is none.
type Handshake struct {
	Role Role
	// Peer is what the peer's certificate has to be.
	Peer Fingerprint
	// Number tells an association from an earlier one of the same session.
	Number uint32
}

// On reports whether there is one.
func (h Handshake) On() bool { return h.Role != NoRole }

// profiles are the suites that DTLS can agree on, by their protection profiles
// (RFC 5764 §4.1.2, RFC 7714 §14.2). The CM suites of 256 bits have none.
var profiles = [suites]uint16{AES128CM80: 0x0001, AES128GCM: 0x0007, AES256GCM: 0x0008}

// Profile returns the number of the protection profile of use_srtp that is the
// suite, or false where there is none.
func (s Suite) Profile() (uint16, bool) {
	if s >= suites {
		return 0, false
	}
	return profiles[s], profiles[s] != 0
}

// OfProfile returns the suite of a protection profile.
func OfProfile(n uint16) (Suite, bool) {
	for s, p := range profiles {
		if p == n && n != 0 {
			return Suite(s), true
		}
	}
	return Plain, false
}

// Exported returns the keys in a handshake's exported keying material, of twice
// the suite's length: the client's key, the server's, the client's salt and the
// server's (RFC 5764 §4.2).
func Exported(s Suite, material []byte, ours Role) (Keys, bool) {
	if _, ok := s.Profile(); !ok || ours == NoRole || len(material) != 2*s.Length() {
		return Keys{}, false
	}
	k, n := table[s].key, table[s].salt
	salts := material[2*k:]
	key := func(i int) Key {
		made, _ := NewKey(s, append(append([]byte(nil), material[i*k:(i+1)*k]...), salts[i*n:(i+1)*n]...))
		return made
	}
	client, server := key(0), key(1)
	if ours == Client {
		return Keys{In: server, Out: client}, true
	}
	return Keys{In: client, Out: server}, true
}
