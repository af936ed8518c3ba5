package registrar

import (
	"strconv"
	"strings"
)

// credentials are one Digest Authorization (RFC 7616 §3.4), as text.
type credentials struct {
	username, realm, nonce, uri, response string
	algorithm, qop, nc, cnonce            string
}

// maxCredentials bounds an Authorization value, in octets.
const maxCredentials = 2048

// parse reads an Authorization value. ok is false for another scheme, for bad
// syntax and for a parameter that is there twice.
func parse(v string) (c credentials, ok bool) {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(v), " ")
	if !strings.EqualFold(scheme, "Digest") || len(v) > maxCredentials {
		return c, false
	}
	fields := map[string]*string{
		"username": &c.username, "realm": &c.realm, "nonce": &c.nonce, "uri": &c.uri, "response": &c.response,
		"algorithm": &c.algorithm, "qop": &c.qop, "nc": &c.nc, "cnonce": &c.cnonce,
	}
	seen := make(map[string]bool, len(fields))
	for {
		rest = strings.TrimLeft(rest, " \t,")
		if rest == "" {
			return c, c.username != "" && c.nonce != "" && c.response != ""
		}
		var name, value string
		if name, value, rest, ok = next(rest); !ok || seen[name] {
			return c, false
		}
		seen[name] = true
		if f := fields[name]; f != nil {
			*f = value
		}
	}
}

// next cuts one name=value off, the name in lower case, the value without its
// quotes.
func next(s string) (name, value, rest string, ok bool) {
	name, rest, ok = strings.Cut(s, "=")
	if !ok {
		return "", "", "", false
	}
	name, rest = strings.ToLower(strings.TrimSpace(name)), strings.TrimLeft(rest, " \t")
	if !strings.HasPrefix(rest, `"`) {
		end := strings.IndexAny(rest, ", \t")
		if end < 0 {
			end = len(rest)
		}
		return name, rest[:end], rest[end:], name != ""
	}
	var b strings.Builder
	for i := 1; i < len(rest); i++ {
		switch rest[i] {
		case '"':
			return name, b.String(), rest[i+1:], name != ""
		case '\\':
			if i++; i == len(rest) {
				return "", "", "", false
			}
		}
		b.WriteByte(rest[i])
	}
	return "", "", "", false
}

// count is the nonce count: exactly eight hexadecimal digits.
func (c *credentials) count() (uint32, bool) {
	n, err := strconv.ParseUint(c.nc, 16, 32)
	return uint32(n), err == nil && len(c.nc) == 8 && n > 0
}
