package header

import (
	"errors"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// NameAddr is an address as From, Contact, Route and the identity headers write
// it (RFC 3261 §20.10).
type NameAddr struct {
	Display string // without quotes and escapes; "" where there is none
	URI     string // as written, without brackets
	Params  Params // of the header, not of the URI
}

// ParseNameAddr reads one name-addr or addr-spec with its parameters.
func ParseNameAddr(v string) (NameAddr, error) {
	var a NameAddr
	v = trimText(v)
	rest := v
	if strings.HasPrefix(v, `"`) {
		end := quotedEnd(v)
		if end < 0 {
			return a, syntax("address")
		}
		a.Display, rest = Unquote(v[:end]), trimText(v[end:])
		if !strings.HasPrefix(rest, "<") {
			return a, syntax("address")
		}
	} else if open := strings.IndexByte(v, '<'); open >= 0 && !strings.ContainsAny(v[:open], `;:"`) {
		a.Display, rest = trimText(v[:open]), v[open:]
	}
	var tail string
	if uri, ok := strings.CutPrefix(rest, "<"); ok {
		if a.URI, tail, ok = strings.Cut(uri, ">"); !ok {
			return a, syntax("address")
		}
	} else {
		end := strings.IndexAny(rest, "; \t")
		if end < 0 {
			end = len(rest)
		}
		a.URI, tail = rest[:end], rest[end:]
	}
	if !isURI(a.URI) {
		return a, syntax("address")
	}
	var ok bool
	if a.Params, ok = parseParams(tail); !ok {
		return a, syntax("address parameters")
	}
	return a, nil
}

// String writes the address with its URI in brackets and its display name, if
// any, in quotes.
func (a NameAddr) String() string {
	if a.Display == "" {
		return "<" + a.URI + ">" + a.Params.String()
	}
	return Quote(a.Display) + " <" + a.URI + ">" + a.Params.String()
}

// Identities returns the addresses of P-Asserted-Identity or
// P-Preferred-Identity, which hold "one or two" (RFC 3325 §9.1, §9.2), in their
// order. Malformed ones are left out and reported.
func Identities(m sip.Message, name string) ([]NameAddr, error) {
	return addresses(Values(m, name))
}

// addresses parses each value; the sound ones are returned with the error.
func addresses(values []string) ([]NameAddr, error) {
	var list []NameAddr
	var errs error
	for _, v := range values {
		a, err := ParseNameAddr(v)
		if err != nil {
			errs = errors.Join(errs, err)
			continue
		}
		list = append(list, a)
	}
	return list, errs
}
