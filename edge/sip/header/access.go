package header

import (
	"errors"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// ErrUnsafe is returned for a value that would end its header line or hide
// octets in it.
var ErrUnsafe = errors.New("value holds a control octet")

// SafeValue refuses CR, LF, NUL and every other control octet but HTAB in a
// computed or configured value: the library writes what it is given.
func SafeValue(v string) error {
	for i := range len(v) {
		if isControl(v[i]) && v[i] != '\t' {
			return ErrUnsafe
		}
	}
	return nil
}

// Lines returns the value of every header line with the name, in any case and
// uncut.
func Lines(m sip.Message, name string) []string {
	var values []string
	for _, h := range fields(m) {
		if named(h, name) {
			values = append(values, h.Value())
		}
	}
	return values
}

// Values returns every value of a comma-separated header, whether repeated or
// listed: "the multiple header field rows [and] the comma-separated list" are
// the same message (RFC 3261 §7.3.1). Empty elements are left out. It is not
// for headers with commas of their own, such as Date or WWW-Authenticate.
func Values(m sip.Message, name string) []string {
	var values []string
	for _, h := range fields(m) {
		if named(h, name) {
			values = appendValues(values, h.Value())
		}
	}
	return values
}

// First returns the first value of a comma-separated header, or "".
func First(m sip.Message, name string) string {
	for _, h := range fields(m) {
		if !named(h, name) {
			continue
		}
		for line, more := h.Value(), true; more; {
			var value string
			if value, line, more = nextValue(line); value != "" {
				return value
			}
		}
	}
	return ""
}

// Text returns the first line with the name, uncut, or "".
func Text(m sip.Message, name string) string {
	for _, h := range fields(m) {
		if named(h, name) {
			return h.Value()
		}
	}
	return ""
}

// Count returns the number of header lines with the name, in any case.
func Count(m sip.Message, name string) int {
	n := 0
	for _, h := range fields(m) {
		if named(h, name) {
			n++
		}
	}
	return n
}

// DeleteAll removes every line with the name, in any case, and returns how many
// there were.
func DeleteAll(m sip.Message, name string) int {
	s := store(m)
	n := 0
	for {
		exact := ""
		for _, h := range s.Headers() {
			if named(h, name) {
				exact = h.Name()
				break
			}
		}
		if exact == "" {
			break
		}
		s.RemoveHeader(exact)
		n++
	}
	if h := placeholder(name); n > 0 && h != nil {
		// A header kept as text leaves the library's cached reading of it behind;
		// only the removal of a typed one clears that.
		m.AppendHeader(h)
		s.RemoveHeader(h.Name())
	}
	return n
}

// Set makes value the only value of the header: it removes every line with the
// name and appends one. The error is ErrUnsafe.
func Set(m sip.Message, name, value string) error {
	if err := SafeValue(value); err != nil {
		return err
	}
	DeleteAll(m, name)
	m.AppendHeader(sip.NewHeader(name, value))
	return nil
}

// Add appends one more line. The error is ErrUnsafe.
func Add(m sip.Message, name, value string) error {
	if err := SafeValue(value); err != nil {
		return err
	}
	m.AppendHeader(sip.NewHeader(name, value))
	return nil
}

// ParamOf finds a parameter of the library's whatever the case of its name;
// their own Get compares octets.
func ParamOf(params sip.HeaderParams, name string) (string, bool) {
	for _, p := range params {
		if strings.EqualFold(p.K, name) {
			return p.V, true
		}
	}
	return "", false
}

// Tag returns the tag parameter of From or To, or "".
func Tag(params sip.HeaderParams) string {
	tag, _ := ParamOf(params, "tag")
	return tag
}

// headers is what requests and responses have beside sip.Message.
type headers interface {
	Headers() []sip.Header
	RemoveHeader(name string) bool
}

// store cannot fail: only the library's two types can be a sip.Message, which
// has an unexported method.
func store(m sip.Message) headers {
	return m.(headers)
}

func fields(m sip.Message) []sip.Header {
	return store(m).Headers()
}

// named compares in ASCII, as all names of headers are.
func named(h sip.Header, name string) bool {
	n := h.Name()
	return len(n) == len(name) && strings.EqualFold(n, name)
}

func placeholder(name string) sip.Header {
	switch {
	case strings.EqualFold(name, "From"):
		return &sip.FromHeader{}
	case strings.EqualFold(name, "To"):
		return &sip.ToHeader{}
	case strings.EqualFold(name, "Contact"):
		return &sip.ContactHeader{}
	case strings.EqualFold(name, "Route"):
		return &sip.RouteHeader{}
	case strings.EqualFold(name, "Record-Route"):
		return &sip.RecordRouteHeader{}
	}
	return nil
}

func appendValues(values []string, line string) []string {
	for {
		value, rest, more := nextValue(line)
		if value != "" {
			values = append(values, value)
		}
		if !more {
			return values
		}
		line = rest
	}
}
