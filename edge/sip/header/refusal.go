package header

import (
	"bytes"
	"strconv"
)

// Refusal appends the response a fault asks for: the Vias, From, To, Call-ID
// and CSeq of the request b as they came, and nothing else of it. tag becomes
// the To tag where the request has none; statelessly the same request must get
// the same tag (RFC 3261 §8.2.7), so the caller derives it from the Call-ID.
// Nothing is appended when f.Status is 0 or tag is no token.
func Refusal(dst, b []byte, f *Fault, tag string) []byte {
	if f.Status == 0 || !allToken(tag) || !answerable(b) {
		return dst
	}
	dst = append(dst, "SIP/2.0 "...)
	dst = strconv.AppendInt(dst, int64(f.Status), 10)
	dst = append(dst, ' ')
	dst = append(dst, phrase(f.Status)...)
	dst = append(dst, "\r\n"...)
	var seen [fieldCount]bool
	for pos := firstHeader(b); ; {
		ln, kind := readLine(b, pos)
		if ln.last || ln.end == 0 {
			break
		}
		pos = ln.end
		if kind != 0 {
			continue
		}
		id := identify(ln.name)
		if !echoed(id) || seen[id] && id != viaField {
			continue
		}
		start := len(dst)
		dst = append(dst, id.name()...)
		dst = append(dst, ": "...)
		before := len(dst)
		dst, kind = unfold(dst, ln.value)
		if kind != 0 || !clean(ln) {
			dst = dst[:start]
			continue
		}
		seen[id] = true
		if id == toField && !hasTag(dst[before:]) {
			dst = append(append(dst, ";tag="...), tag...)
		}
		dst = append(dst, "\r\n"...)
	}
	return append(dst, "Content-Length: 0\r\n\r\n"...)
}

// answerable reports that b is a request other than ACK with each of Via,
// From, To, Call-ID and CSeq in a shape that can be sent back.
func answerable(b []byte) bool {
	if !refusable(b) {
		return false
	}
	var seen [fieldCount]bool
	for pos := firstHeader(b); ; {
		ln, kind := readLine(b, pos)
		if ln.last || ln.end == 0 {
			break
		}
		pos = ln.end
		if kind != 0 {
			continue
		}
		if id := identify(ln.name); echoed(id) && !seen[id] {
			if len(ln.value) == 0 || !clean(ln) || id == viaField && !plausibleVia(ln.value) {
				return false
			}
			seen[id] = true
		}
	}
	return seen[viaField] && seen[fromField] && seen[toField] && seen[callIDField] && seen[cseqField]
}

// refusable reports that the first line may be a request's, and not an ACK's:
// "A response is never sent to an ACK" follows from RFC 3261 §17.
func refusable(b []byte) bool {
	method, rest, ok := bytes.Cut(b[:max(firstHeader(b), 0)], []byte{' '})
	return ok && allToken(method) && string(method) != "ACK" && bytes.Contains(rest, []byte(" SIP/"))
}

func firstHeader(b []byte) int {
	return bytes.IndexByte(b, '\n') + 1
}

func echoed(f field) bool {
	switch f {
	case viaField, fromField, toField, callIDField, cseqField:
		return true
	}
	return false
}

func clean(ln line) bool {
	for i, c := range ln.value {
		switch {
		case c == '\r':
			if i+2 >= len(ln.value) || ln.value[i+1] != '\n' || !isBlank(ln.value[i+2]) {
				return false
			}
		case c == '\n':
			if i == 0 || ln.value[i-1] != '\r' {
				return false
			}
		case isControl(c) && c != '\t':
			return false
		}
	}
	return true
}

// plausibleVia reports that the topmost Via begins as one, so that its sender
// will know the answer for its own.
func plausibleVia(v []byte) bool {
	protocol, rest, _ := bytes.Cut(v, []byte{'/'})
	version, rest, _ := bytes.Cut(rest, []byte{'/'})
	rest = trimFold(rest)
	n := 0
	for n < len(rest) && isToken(rest[n]) {
		n++
	}
	host := trimFold(rest[n:])
	return equalFold(trimFold(protocol), "sip") && allToken(trimFold(version)) &&
		n > 0 && n < len(rest) && len(host) > 0 && (isAlnum(host[0]) || host[0] == '[')
}

// hasTag looks for a tag parameter behind the address, outside quotes.
func hasTag(v []byte) bool {
	if i := bytes.IndexByte(v, '"'); i == 0 {
		if end := quotedEnd(v); end > 0 {
			v = v[end:]
		}
	}
	if i := bytes.LastIndexByte(v, '>'); i >= 0 {
		v = v[i:]
	}
	for {
		i := bytes.IndexByte(v, ';')
		if i < 0 {
			return false
		}
		v = trimBlank(v[i+1:])
		if len(v) > 3 && equalFold(v[:3], "tag") {
			if rest := trimBlank(v[3:]); len(rest) > 0 && rest[0] == '=' {
				return true
			}
		}
	}
}

func phrase(status int) string {
	switch status {
	case 416:
		return "Unsupported URI Scheme"
	case 505:
		return "Version Not Supported"
	case 513:
		return "Message Too Large"
	}
	return "Bad Request"
}
