package header

import (
	"strconv"
	"strings"
)

// Warning is one warning-value (RFC 3261 §20.43).
type Warning struct {
	Code  int    // three digits
	Agent string // host [":" port] or a pseudonym
	Text  string // without quotes
}

// ParseWarning reads warn-code SP warn-agent SP warn-text.
func ParseWarning(v string) (Warning, error) {
	code, rest, _ := strings.Cut(trimText(v), " ")
	agent, text, _ := strings.Cut(trimText(rest), " ")
	text = trimText(text)
	n, ok := decimal(code, 999)
	if !ok || len(code) != 3 || agent == "" || len(text) < 2 || text[0] != '"' || quotedEnd(text) != len(text) {
		return Warning{}, syntax("Warning")
	}
	return Warning{Code: int(n), Agent: agent, Text: Unquote(text)}, nil
}

// String writes the value.
func (w Warning) String() string {
	return strconv.Itoa(w.Code) + " " + w.Agent + " " + Quote(w.Text)
}

// RetryAfter is the Retry-After header (RFC 3261 §20.33).
type RetryAfter struct {
	Seconds uint32
	Comment string // without its parentheses
	Params  Params // duration, in seconds, among them
}

// ParseRetryAfter reads delta-seconds [ comment ] *(";" retry-param).
func ParseRetryAfter(v string) (RetryAfter, error) {
	var r RetryAfter
	v = trimText(v)
	n := 0
	for n < len(v) && isDigit(v[n]) {
		n++
	}
	seconds, ok := decimal(v[:n], 1<<32-1)
	if !ok {
		return r, syntax("Retry-After")
	}
	r.Seconds = uint32(seconds)
	rest := trimText(v[n:])
	if strings.HasPrefix(rest, "(") {
		end := commentEnd(rest)
		if end < 0 {
			return r, syntax("Retry-After comment")
		}
		r.Comment, rest = rest[1:end-1], rest[end:]
	}
	if r.Params, ok = parseParams(rest); !ok {
		return r, syntax("Retry-After")
	}
	return r, nil
}

// String writes the value.
func (r RetryAfter) String() string {
	v := strconv.FormatUint(uint64(r.Seconds), 10)
	if r.Comment != "" {
		v += " (" + r.Comment + ")"
	}
	return v + r.Params.String()
}

// commentEnd returns the index behind the parenthesis that closes s[0], or -1.
func commentEnd(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}
