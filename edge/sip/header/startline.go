package header

import "bytes"

// startLine is the first line of a message.
type startLine struct {
	method []byte // of a request; nil for a response
	uri    []byte // of a request
	status int    // of a response
	reason []byte // of a response
	short  bool   // the SP before an absent reason phrase is missing
	folded bool   // SIP/2.0 is not in capitals
	end    int    // octets, CRLF included
}

// readStart divides the first line at its single spaces (RFC 3261 §7.1, §7.2).
// It checks the shape and the version; the URI is the guard's.
func readStart(b []byte) (startLine, Kind) {
	var s startLine
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		if len(b) == 0 || !isAlnum(b[0]) && !isToken(b[0]) {
			return s, NotSIP
		}
		return s, Incomplete
	}
	s.end = end + 1
	if end == 0 || b[end-1] != '\r' {
		return s, LineEnd
	}
	text := b[:end-1]
	if kind := checkText(text); kind != 0 {
		return s, kind
	}
	if len(text) >= 4 && equalFold(text[:4], "sip/") {
		return s, s.readStatus(text)
	}
	return s, s.readRequest(text)
}

// readStatus reads SIP-Version SP Status-Code SP Reason-Phrase.
func (s *startLine) readStatus(text []byte) Kind {
	version, rest, _ := bytes.Cut(text, []byte{' '})
	if kind := s.readVersion(version); kind != 0 {
		return kind
	}
	code, reason, spaced := bytes.Cut(rest, []byte{' '})
	n, ok := decimal(code, 699)
	if len(code) != 3 || !ok || n < 100 {
		return StartLine
	}
	s.status, s.reason, s.short = int(n), reason, !spaced
	return 0
}

// readRequest reads Method SP Request-URI SP SIP-Version.
func (s *startLine) readRequest(text []byte) Kind {
	method, rest, ok := bytes.Cut(text, []byte{' '})
	last := bytes.LastIndexByte(rest, ' ')
	trailing := len(rest) > 0 && rest[len(rest)-1] == ' '
	if trailing {
		if bytes.Contains(rest, []byte(" SIP/")) {
			return StartLine
		}
		return NotSIP
	}
	if !ok || last < 0 {
		return NotSIP
	}
	version := rest[last+1:]
	if len(version) < 4 || !equalFold(version[:4], "sip/") {
		return NotSIP
	}
	if kind := s.readVersion(version); kind != 0 {
		s.method = method
		return kind
	}
	uri := rest[:last]
	if !allToken(method) || !allVisible(uri) {
		return StartLine
	}
	s.method, s.uri = method, uri
	return 0
}

func (s *startLine) readVersion(v []byte) Kind {
	if !equalFold(v, "sip/2.0") {
		return Version
	}
	s.folded = v[0] != 'S' || v[1] != 'I' || v[2] != 'P'
	return 0
}
