package registrar

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"sekisho/edge/sip/flow"
)

// A nonce is stamp, random number and MAC, in base64url.
const (
	stampLength  = 8 // nanoseconds since 1970, big endian
	randomLength = 8
	openLength   = stampLength + randomLength
	macLength    = 16
)

// nonceLife is how long a nonce is good for. A phone whose nonce has expired is
// told so by stale=true and answers the next one without asking its user.
const nonceLife = 5 * time.Minute

// scope is what a nonce is good for, beside its time.
type scope struct {
	algorithm Algorithm
	realm     string
	source    netip.Addr // any port: a NAT may change it between two messages
}

// nonce makes a nonce for scope.
func (g *Registrar) nonce(now time.Time, s scope) string {
	var b [openLength + macLength]byte
	binary.BigEndian.PutUint64(b[:], uint64(now.UnixNano()))
	binary.BigEndian.PutUint64(b[stampLength:], g.cfg.Source.Uint64())
	mac := g.mac(b[:openLength], s)
	copy(b[openLength:], mac[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// fresh reports whether a nonce is ours, for this scope, and not expired.
func (g *Registrar) fresh(now time.Time, nonce string, s scope) bool {
	issued, ok := g.issued(nonce, s)
	age := now.Sub(issued)
	return ok && age >= 0 && age < nonceLife
}

// issued returns when a nonce of ours was made for a scope.
func (g *Registrar) issued(nonce string, s scope) (time.Time, bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(nonce)
	if err != nil || len(b) != openLength+macLength {
		return time.Time{}, false
	}
	mac := g.mac(b[:openLength], s)
	if !hmac.Equal(mac[:], b[openLength:]) {
		return time.Time{}, false
	}
	return time.Unix(0, int64(binary.BigEndian.Uint64(b))), true
}

func (g *Registrar) mac(open []byte, s scope) (sum [macLength]byte) {
	h := hmac.New(sha256.New, g.cfg.Key[:])
	source := s.source.As16()
	h.Write(open)
	h.Write([]byte{byte(s.algorithm)})
	h.Write(source[:])
	h.Write([]byte(s.realm))
	copy(sum[:], h.Sum(nil))
	return sum
}

// scopeOf is what a nonce that answers f must have been made for.
func scopeOf(f flow.Flow, a Algorithm, realm string) scope {
	return scope{algorithm: a, realm: realm, source: f.Remote.Addr()}
}

// ledger is how far each nonce of an account has been counted.
type ledger struct {
	used []usedNonce // oldest first
	// floor is when the youngest nonce was made that had to be forgotten: none
	// as old counts any more, or it could be replayed.
	floor time.Time
}

type usedNonce struct {
	nonce  string
	issued time.Time
	count  uint32
}

// maxNonces bounds a ledger: two per contact.
const maxNonces = 16

// use takes a nonce with its count and reports whether it had not been used
// before: counts only go up (RFC 7616 §3.4, nc).
func (l *ledger) use(now time.Time, n usedNonce) bool {
	l.used = slices.DeleteFunc(l.used, func(u usedNonce) bool { return now.Sub(u.issued) >= nonceLife })
	for i := range l.used {
		if u := &l.used[i]; u.nonce == n.nonce {
			if n.count <= u.count {
				return false
			}
			u.count = n.count
			return true
		}
	}
	if !n.issued.After(l.floor) {
		return false
	}
	at, _ := slices.BinarySearchFunc(l.used, n.issued, func(u usedNonce, t time.Time) int { return u.issued.Compare(t) })
	l.used = slices.Insert(l.used, at, n)
	if len(l.used) > maxNonces {
		l.floor = l.used[0].issued
		l.used = slices.Delete(l.used, 0, 1)
	}
	return true
}
