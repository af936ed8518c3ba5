package header

import (
	"errors"
	"fmt"
	"strings"
)

// ErrSyntax is wrapped by every error of a typed form's Parse function.
var ErrSyntax = errors.New("malformed value")

func syntax(name string) error {
	return fmt.Errorf("parse %s: %w", name, ErrSyntax)
}

// Param is one generic-param (RFC 3261 §25.1).
type Param struct {
	Name  string // as written; compared without case
	Value string // as written, quotes included; "" where there is none
}

// Params are the parameters behind a value, in their order.
type Params []Param

// Get returns the value of the first parameter with the name in any case,
// without its quotes.
func (p Params) Get(name string) (string, bool) {
	for _, kv := range p {
		if strings.EqualFold(kv.Name, name) {
			return Unquote(kv.Value), true
		}
	}
	return "", false
}

// Has reports whether there is a parameter with the name in any case.
func (p Params) Has(name string) bool {
	_, ok := p.Get(name)
	return ok
}

// Without returns the parameters that do not have one of the names.
func (p Params) Without(names ...string) Params {
	var rest Params
	for _, kv := range p {
		if !containsFold(names, kv.Name) {
			rest = append(rest, kv)
		}
	}
	return rest
}

// String writes each parameter behind a semicolon.
func (p Params) String() string {
	if len(p) == 0 {
		return ""
	}
	n := 0
	for _, kv := range p {
		n += len(kv.Name) + len(kv.Value) + len(";=")
	}
	var b strings.Builder
	b.Grow(n)
	for _, kv := range p {
		b.WriteByte(';')
		b.WriteString(kv.Name)
		if kv.Value != "" {
			b.WriteByte('=')
			b.WriteString(kv.Value)
		}
	}
	return b.String()
}

// Quote writes s as a quoted-string. Control octets but HTAB become "?".
func Quote(s string) string {
	b := make([]byte, 0, len(s)+2)
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case isControl(c) && c != '\t':
			b = append(b, '?')
		default:
			b = append(b, c)
		}
	}
	return string(append(b, '"'))
}

// Unquote returns the content of a quoted-string; any other text as it is.
func Unquote(s string) string {
	if len(s) < 2 || s[0] != '"' || quotedEnd(s) != len(s) {
		return s
	}
	s = s[1 : len(s)-1]
	if !strings.Contains(s, `\`) {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b = append(b, s[i])
	}
	return string(b)
}

// parseParams reads *( ";" name [ "=" value ] ).
func parseParams(s string) (Params, bool) {
	var params Params
	v := trimBlank([]byte(s))
	for len(v) > 0 {
		p, rest, kind := readParam(v)
		if kind != 0 {
			return nil, false
		}
		params = append(params, Param{Name: string(p.name), Value: string(p.value)})
		v = trimBlank(rest)
	}
	return params, true
}

// cutParams divides s at its first semicolon outside quotes.
func cutParams(s string) (value string, params Params, ok bool) {
	end := len(s)
	for i := 0; i < len(s); i++ {
		if s[i] == '"' {
			n := quotedEnd(s[i:])
			if n < 0 {
				return "", nil, false
			}
			i += n - 1
		} else if s[i] == ';' {
			end = i
			break
		}
	}
	params, ok = parseParams(s[end:])
	return trimText(s[:end]), params, ok
}

// tokenOrQuote writes a parameter value that may hold anything.
func tokenOrQuote(s string) string {
	if allToken(s) {
		return s
	}
	return Quote(s)
}

func containsFold(list []string, s string) bool {
	for _, l := range list {
		if strings.EqualFold(l, s) {
			return true
		}
	}
	return false
}
