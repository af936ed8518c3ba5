package registrar

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strings"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/header"
)

// Algorithm is a digest algorithm.
type Algorithm uint8

// The algorithms of RFC 8760 that phones speak.
const (
	SHA256 Algorithm = iota
	MD5
	algorithms
)

// String returns the name of RFC 7616 §6.1.
func (a Algorithm) String() string {
	switch a {
	case SHA256:
		return "SHA-256"
	case MD5:
		return "MD5"
	}
	return "?"
}

// algorithmOf reads the algorithm parameter: "if this is not present, it is
// assumed to be MD5" (RFC 7616 §3.4).
func algorithmOf(name string) (Algorithm, bool) {
	switch strings.ToUpper(name) {
	case "SHA-256":
		return SHA256, true
	case "MD5", "":
		return MD5, true
	}
	return 0, false
}

// hash returns the lower-case hexadecimal digest of parts joined by colons.
func (a Algorithm) hash(parts ...string) string {
	text := []byte(strings.Join(parts, ":"))
	if a == SHA256 {
		sum := sha256.Sum256(text)
		return hex.EncodeToString(sum[:])
	}
	sum := md5.Sum(text)
	return hex.EncodeToString(sum[:])
}

// Secret is what the registrar needs of a password: H(A1) by algorithm. The
// zero Secret lets nobody in.
type Secret struct{ ha1 [algorithms]string }

// NewSecret makes the Secret of a user in a realm, the tenant's domain.
func NewSecret(user, realm, password string) Secret {
	var s Secret
	for a := range algorithms {
		s.ha1[a] = a.hash(user, realm, password)
	}
	return s
}

// exists reports whether there is a password at all.
func (s *Secret) exists() bool { return s.ha1[SHA256] != "" }

// digest is the request-digest of RFC 7616 §3.4.1 for qop=auth.
func (c *credentials) digest(a Algorithm, ha1, method string) string {
	return a.hash(ha1, c.nonce, c.nc, c.cnonce, "auth", a.hash(method, c.uri))
}

// right reports whether credentials prove their account's password. Where there
// is no such account the work is the same, with a secret that nobody knows.
func (g *Registrar) right(c *credentials, a Algorithm, r *sip.Request) (AccountID, bool) {
	id, known := g.names[name{realm: c.realm, user: c.username}]
	secret := &g.decoy
	if known && g.cfg.Accounts[id].Secret.exists() {
		secret = &g.cfg.Accounts[id].Secret
	} else {
		known = false
	}
	want := c.digest(a, secret.ha1[a], string(r.Method))
	same := subtle.ConstantTimeCompare([]byte(want), []byte(strings.ToLower(c.response))) == 1
	return id, same && known && c.qop == "auth" && c.cnonce != "" && aimed(c.uri, &r.Recipient)
}

// aimed reports whether a digest was made for this Request-URI, in whatever
// spelling: "the server SHOULD check that the Request-URI of the request matches
// the URI provided in the Authorization header field" (RFC 3261 §22.4).
func aimed(uri string, recipient *sip.Uri) bool {
	if uri == recipient.String() {
		return true
	}
	a, err := header.ParseURI(uri)
	if err != nil {
		return false
	}
	b, err := header.URIOf(recipient)
	return err == nil && a.Scheme == b.Scheme && a.User == b.User && a.Port == b.Port && strings.EqualFold(a.Host, b.Host)
}
