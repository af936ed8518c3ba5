package number

import (
	"errors"
	"strings"
)

// MaxDigits bounds a dial string. The longest that makes sense is
// 8 + 184 + 010 + 15 digits of E.164; anything longer than this is refused
// before it is looked at.
const MaxDigits = 32

// Faults of a URI user part. All of them are the peer's.
var (
	ErrEmpty     = errors.New("user part holds no digits")
	ErrTooLong   = errors.New("user part is longer than any number")
	ErrEscape    = errors.New("malformed %-escape in user part")
	ErrCharacter = errors.New("user part holds something that is no dial digit")
	ErrContext   = errors.New("phone-context is another country's")
)

// URIUser is the part of a URI that names whom to call, as plain strings.
type URIUser struct {
	// User is the user part of a sip: URI or everything of a tel: URI up to
	// its first parameter, escaped as on the wire. Of a sip: URI it may carry
	// telephone-subscriber parameters behind a semicolon (RFC 3261 §19.1.6).
	User string
	// Params holds the URI's own parameters without the leading semicolon,
	// "phone-context=+81;npdi".
	Params string
}

// Dialled returns the bare dial string: %-escapes decoded, the visual
// separators of RFC 3966 §3 removed, parameters dropped. Of the parameters
// only phone-context has a say: a local number in the context of +81 or of a
// domain (a private plan, RFC 3966 §5.1.5) is taken as dialled in Japan, one
// in another country's context is refused. npdi, rn, cpc, isub and ext are not
// part of the number.
func (u URIUser) Dialled() (Dialled, error) {
	raw, own, _ := strings.Cut(u.User, ";")
	text, err := unescape(raw)
	if err != nil {
		return "", err
	}
	digits, err := strip(text)
	if err != nil {
		return "", err
	}
	if digits[0] == '+' {
		return Dialled(digits), nil
	}
	context := param(own, "phone-context")
	if context == "" {
		context = param(u.Params, "phone-context")
	}
	if !dialledHere(context) {
		return "", ErrContext
	}
	return Dialled(digits), nil
}

// Number reads the user part and returns its canonical number.
func (u URIUser) Number() (Number, error) {
	d, err := u.Dialled()
	if err != nil {
		return Number{}, err
	}
	return d.Number(), nil
}

// Is reports whether the user part is a word such as anonymous, whatever its
// case, escapes and parameters.
func (u URIUser) Is(word string) bool {
	raw, _, _ := strings.Cut(u.User, ";")
	text, err := unescape(raw)
	return err == nil && strings.EqualFold(strings.TrimSpace(text), word)
}

// unescape decodes %HH (RFC 3261 §19.1.2). Carriers send * and # as %2A and
// %23; a rule must see what the caller pressed.
func unescape(s string) (string, error) {
	first := strings.IndexByte(s, '%')
	if first < 0 {
		return s, nil
	}
	out := make([]byte, 0, len(s))
	out = append(out, s[:first]...)
	for i := first; i < len(s); i++ {
		if s[i] != '%' {
			out = append(out, s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", ErrEscape
		}
		hi, lo := unhex(s[i+1]), unhex(s[i+2])
		if hi > 15 || lo > 15 {
			return "", ErrEscape
		}
		out = append(out, hi<<4|lo)
		i += 2
	}
	return string(out), nil
}

func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 0xff
}

// strip removes visual separators and refuses everything else that is not a
// dial digit; full-width digits are multi-byte and fall here too.
func strip(s string) (string, error) {
	separators, dials := 0, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case '0' <= c && c <= '9', c == '*', c == '#':
			dials++
		case c == '+' && dials == 0 && separators == 0 && i == 0:
		case separator(c):
			separators++
		default:
			return "", ErrCharacter
		}
	}
	if dials == 0 {
		return "", ErrEmpty
	}
	if dials > MaxDigits {
		return "", ErrTooLong
	}
	if separators == 0 {
		return s, nil
	}
	out := make([]byte, 0, MaxDigits+1)
	for i := 0; i < len(s); i++ {
		if !separator(s[i]) {
			out = append(out, s[i])
		}
	}
	return string(out), nil
}

// separator reports RFC 3966 §3 visual-separator.
func separator(c byte) bool { return c == '-' || c == '.' || c == '(' || c == ')' }

// param returns the value of one parameter of a semicolon-separated list;
// names compare without case (RFC 3966 §4).
func param(list, name string) string {
	for list != "" {
		var one string
		one, list, _ = strings.Cut(list, ";")
		key, value, _ := strings.Cut(one, "=")
		if strings.EqualFold(key, name) {
			return value
		}
	}
	return ""
}

func dialledHere(context string) bool {
	if context == "" {
		return true
	}
	plain, err := unescape(context)
	plain = strings.Trim(plain, `"`)
	if err != nil || plain == "" {
		return false
	}
	return plain[0] != '+' || plain == "+81"
}
