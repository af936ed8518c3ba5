package sdp

import (
	"strconv"
	"strings"
)

// Bounds of what Parse reads. A trunk's description has some 15 lines, a
// browser's some 150.
const (
	maxText    = 32 << 10 // bytes
	maxLines   = 512
	maxMedia   = 32
	maxFormats = 64 // of one m= line
)

// Line is one line of a description: its type letter and what follows '='.
// A line that is not of that form has Type 0 and is wholly in Value.
type Line struct {
	Type  byte
	Value string
}

// Media is one m= line (RFC 8866 §5.14).
type Media struct {
	Kind    string // "audio", "video", "image"
	Port    uint16 // 0: refused or disabled
	Proto   string // "RTP/AVP"
	Formats string // the format list as it came, separated by spaces

	first, end int // its lines; first is the m= line
}

// Description is a parsed session description. It is read-only and holds on to
// the text it came from.
type Description struct {
	lines []Line
	media []Media
	audio Audio
	found bool
	// secure is what the stream was chosen by.
	secure Secure
}

// ParseError says where a description cannot be read.
type ParseError struct {
	Line int // counted from 1 in the text
	What string
}

// Error returns the fault with its line.
func (e *ParseError) Error() string {
	return "sdp line " + strconv.Itoa(e.Line) + ": " + e.What
}

// Parse reads a session description (RFC 8866 §5). Line ends may be CRLF or
// LF. The error is always a *ParseError. b is not retained. SRTP is not for us.
func Parse(b []byte) (*Description, error) { return ParseSecure(b, Secure{}) }

// ParseSecure is Parse for a leg that may speak SRTP: Audio is the stream that
// such a leg would use.
func ParseSecure(b []byte, secure Secure) (*Description, error) {
	if len(b) > maxText {
		return nil, &ParseError{1, "longer than " + strconv.Itoa(maxText) + " bytes"}
	}
	text := string(b)
	with := &struct { // one piece of memory: nearly every description has one stream
		Description
		stream [1]Media
	}{}
	d := &with.Description
	d.secure = secure
	d.lines = make([]Line, 0, min(strings.Count(text, "\n")+1, maxLines))
	d.media = with.stream[:0]
	for n := 1; text != ""; n++ {
		var raw string
		raw, text, _ = strings.Cut(text, "\n")
		if what := d.add(strings.TrimRight(raw, "\r")); what != "" {
			return nil, &ParseError{n, what}
		}
	}
	if len(d.lines) == 0 {
		return nil, &ParseError{1, "empty"}
	}
	if n := len(d.media); n > 0 {
		d.media[n-1].end = len(d.lines)
	}
	d.audio, d.found = d.choose()
	return d, nil
}

// Lines returns the lines in order, without line ends and without empty ones.
// The slice is read-only.
func (d *Description) Lines() []Line { return d.lines }

// Media returns the m= lines in order. The slice is read-only.
func (d *Description) Media() []Media { return d.media }

// AppendTo appends the description to dst, each line as it came, ended by CRLF.
func (d *Description) AppendTo(dst []byte) []byte {
	for _, l := range d.lines {
		if l.Type != 0 {
			dst = append(dst, l.Type, '=')
		}
		dst = append(dst, l.Value...)
		dst = append(dst, "\r\n"...)
	}
	return dst
}

// add appends one line and returns what is wrong with it, or "".
func (d *Description) add(raw string) string {
	if strings.TrimSpace(raw) == "" {
		return ""
	}
	l := Line{Value: raw}
	if len(raw) >= 2 && raw[0] != 0 && raw[1] == '=' {
		l = Line{raw[0], raw[2:]}
	}
	switch {
	case len(d.lines) == maxLines:
		return "more than " + strconv.Itoa(maxLines) + " lines"
	case len(d.lines) == 0 && (l.Type != 'v' || strings.TrimSpace(l.Value) != "0"):
		return "not v=0" // RFC 8866 §5.1
	case l.Type == 'm':
		m, what := parseMedia(l.Value)
		if what != "" {
			return what
		}
		n := len(d.media)
		if n == maxMedia {
			return "more than " + strconv.Itoa(maxMedia) + " m= lines"
		}
		if n > 0 {
			d.media[n-1].end = len(d.lines)
		}
		m.first = len(d.lines)
		d.media = append(d.media, m)
	}
	d.lines = append(d.lines, l)
	return ""
}

// parseMedia reads "audio 49170/2 RTP/AVP 0 8". The format list may be empty,
// as some peers leave it with port 0.
func parseMedia(v string) (Media, string) {
	var m Media
	var port string
	m.Kind, v = field(v)
	port, v = field(v)
	m.Proto, v = field(v)
	m.Formats = strings.Trim(v, " \t")
	if !token(m.Kind) {
		return m, "m= without a media type"
	}
	port, _, _ = strings.Cut(port, "/") // the number of ports is for layered codecs
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return m, "m= port is not 0 to 65535"
	}
	m.Port = uint16(n)
	if !token(m.Proto) {
		return m, "m= without a protocol"
	}
	count := 0
	for f, rest := field(m.Formats); f != ""; f, rest = field(rest) {
		if count++; count > maxFormats {
			return m, "m= with more than " + strconv.Itoa(maxFormats) + " formats"
		}
	}
	return m, ""
}

// field cuts the first word off s; white space is space or tab.
func field(s string) (word, rest string) {
	s = strings.TrimLeft(s, " \t")
	if i := strings.IndexAny(s, " \t"); i >= 0 {
		return s[:i], s[i+1:]
	}
	return s, ""
}

// token reports whether s may be written back to the peer it came from: a
// short word of visible ASCII (RFC 8866 §9, proto with its slashes).
func token(s string) bool {
	if s == "" || len(s) > 32 {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}
