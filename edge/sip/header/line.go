package header

import "bytes"

// line is one header line with its continuation lines.
type line struct {
	start, end int    // octets of the message, the closing CRLF included
	name       []byte // as written, without blanks
	value      []byte // without the blanks around it; holds CRLF where folded
	raw        []byte // everything after the colon, without the closing CRLF
	spaced     bool   // blanks stand before the colon
	folded     bool   // continuation lines follow
	last       bool   // the empty line: the header section ends
}

// readLine reads the header line that starts at pos. Only CRLF ends a line,
// and a blank after it continues the line (RFC 3261 §7.3.1).
func readLine(b []byte, pos int) (line, Kind) {
	ln := line{start: pos}
	if pos+1 < len(b) && b[pos] == '\r' && b[pos+1] == '\n' {
		ln.end, ln.last = pos+2, true
		return ln, 0
	}
	end := pos
	for {
		i := bytes.IndexByte(b[end:], '\n')
		if i < 0 {
			return ln, Incomplete
		}
		end += i + 1
		if end-2 < pos || b[end-2] != '\r' {
			ln.end = end
			return ln, LineEnd
		}
		if end >= len(b) || !isBlank(b[end]) {
			break
		}
		ln.folded = true
	}
	ln.end = end
	return ln, ln.divide(b[pos : end-2])
}

// divide finds the colon. HCOLON = *( SP / HTAB ) ":" SWS (RFC 3261 §25.1);
// any other octet between name and colon is refused, because a parser that
// skips it sees a header where another one sees none.
func (ln *line) divide(s []byte) Kind {
	n := 0
	for n < len(s) && isToken(s[n]) {
		n++
	}
	colon := n
	for colon < len(s) && isBlank(s[colon]) {
		colon++
	}
	if n == 0 || colon == len(s) || s[colon] != ':' {
		return HeaderName
	}
	ln.name, ln.spaced = s[:n], colon > n
	ln.raw = s[colon+1:]
	ln.value = trimFold(ln.raw)
	return 0
}

// checkText refuses control octets in an unfolded value.
func checkText(v []byte) Kind {
	for _, c := range v {
		if c >= ' ' && c != 0x7f || c == '\t' {
			continue
		}
		if c == '\r' || c == '\n' {
			return LineEnd
		}
		return ControlOctet
	}
	return 0
}

// unfold appends v with each run of linear white space around a line end made
// one space: "all linear white space, including folding, has the same semantics
// as SP" (RFC 3261 §25.1).
func unfold(dst, v []byte) ([]byte, Kind) {
	for i := 0; i < len(v); i++ {
		c := v[i]
		if c != '\r' {
			dst = append(dst, c)
			continue
		}
		if i+2 >= len(v) || v[i+1] != '\n' || !isBlank(v[i+2]) {
			return dst, LineEnd
		}
		for len(dst) > 0 && isBlank(dst[len(dst)-1]) {
			dst = dst[:len(dst)-1]
		}
		dst = append(dst, ' ')
		i += 2
		for i+1 < len(v) && isBlank(v[i+1]) {
			i++
		}
	}
	return dst, 0
}
