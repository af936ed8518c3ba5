package header

import (
	"bytes"
	"strconv"
)

// Guard is the strict gate in front of the message library. It keeps buffers
// between messages, so each owner has its own.
type Guard struct {
	limits Limits

	out      []byte // the canonical message, once it differs from what came
	line     []byte // the canonical value of the line at hand
	unfolded []byte
	dirty    bool
	seen     [fieldCount]bool
	contacts int
}

// NewGuard returns a guard with the given limits.
func NewGuard(l Limits) *Guard {
	return &Guard{limits: l.filled()}
}

// Canonical checks b, one whole message, and returns it in the spelling the
// message library reads right: long names, no folding, no blanks around the
// separators of addresses and Vias, one Via, Contact or Route value a line,
// octets behind Content-Length cut off (RFC 3261 §18.3). A message that is
// canonical already comes back as a part of b, uncopied; otherwise the result
// is valid until the next call. The error is a *Fault.
func (g *Guard) Canonical(b []byte) ([]byte, error) {
	out, fault := g.canonical(b)
	if fault.Kind != 0 {
		return nil, newFault(b, fault)
	}
	return out, nil
}

func (g *Guard) canonical(b []byte) ([]byte, Fault) {
	if len(b) > g.limits.Bytes {
		return nil, Fault{Kind: TooLarge}
	}
	start, kind := readStart(b)
	if kind != 0 {
		return nil, Fault{Kind: kind}
	}
	scheme, kind := g.checkTarget(&start)
	if kind != 0 {
		return nil, Fault{Kind: kind}
	}
	g.dirty, g.contacts, g.seen = false, 0, [fieldCount]bool{}
	g.writeStart(b, &start)
	length := -1
	pos, lines := start.end, 0
	for ; ; lines++ {
		ln, kind := readLine(b, pos)
		if kind == 0 && lines > g.limits.Lines {
			kind = TooMany
		}
		if kind == 0 && ln.end > g.limits.HeadBytes {
			kind = TooLarge
		}
		if kind != 0 {
			return nil, Fault{Kind: kind, Offset: pos}
		}
		pos = ln.end
		if ln.last {
			g.keep(b, ln)
			break
		}
		f := identify(ln.name)
		if f.single() && g.seen[f] {
			return nil, Fault{Kind: Duplicate, Header: f.name(), Offset: ln.start}
		}
		if kind := g.accept(b, ln, f, &start); kind != 0 {
			return nil, Fault{Kind: kind, Header: f.name(), Offset: ln.start}
		}
		g.seen[f] = true
		if f == contentLengthField {
			n, _ := decimal(trimFold(ln.raw), maxBody)
			length = int(n)
		}
	}
	for _, f := range [...]field{viaField, fromField, toField, callIDField, cseqField} {
		if !g.seen[f] {
			return nil, Fault{Kind: Missing, Header: f.name()}
		}
	}
	if kind := g.oneContact(&start); kind != 0 {
		return nil, Fault{Kind: kind, Header: contactField.name()}
	}
	if scheme != 0 {
		return nil, Fault{Kind: scheme}
	}
	end := len(b)
	if length >= 0 {
		// "If the transport datagram ends before the end of the message body,
		// this is considered an error" (RFC 3261 §18.3).
		if length > len(b)-pos {
			return nil, Fault{Kind: BodyShort, Header: contentLengthField.name()}
		}
		end = pos + length
	}
	if !g.dirty {
		return b[:end], Fault{}
	}
	g.out = append(g.out, b[pos:end]...)
	return g.out, Fault{}
}

// checkTarget checks the Request-URI. An unknown scheme is reported apart: it
// is the sender's right to any answer a malformed message would get first.
func (g *Guard) checkTarget(s *startLine) (scheme, kind Kind) {
	if s.method == nil {
		return 0, 0
	}
	if kind := checkURI(s.uri, g.limits.Params); kind != 0 {
		return 0, kind
	}
	name, _, _ := bytes.Cut(s.uri, []byte{':'})
	switch {
	case equalFold(name, "sip"), equalFold(name, "sips"):
		// "the headers component … MUST NOT be present in a Request-URI"
		// after RFC 3261 §19.1.1, table 1.
		if bytes.IndexByte(hostOf(s.uri), '?') >= 0 {
			return 0, BadURI
		}
	case equalFold(name, "tel"), equalFold(name, "urn"):
	default:
		return Scheme, 0
	}
	return 0, 0
}

// writeStart puts the start line into the one form the library reads: capitals,
// a space before an absent reason, and a space after a reason such as "SIPx"
// whose start line the library would take for a request's.
func (g *Guard) writeStart(b []byte, s *startLine) {
	lookalike := s.method == nil && len(s.reason) >= 3 && equalFold(s.reason[:3], "sip") && bytes.IndexByte(s.reason, ' ') < 0
	if !s.folded && !s.short && !lookalike {
		return
	}
	g.rewrite(b, 0)
	if s.method != nil {
		g.out = append(append(append(g.out, s.method...), ' '), s.uri...)
		g.out = append(g.out, " SIP/2.0\r\n"...)
		return
	}
	g.out = append(g.out, "SIP/2.0 "...)
	g.out = strconv.AppendInt(g.out, int64(s.status), 10)
	g.out = append(append(g.out, ' '), s.reason...)
	if lookalike {
		g.out = append(g.out, ' ')
	}
	g.out = append(g.out, "\r\n"...)
}

// accept checks one line and adds its canonical form to the output.
func (g *Guard) accept(b []byte, ln line, f field, s *startLine) Kind {
	v := trimBlank(ln.raw)
	if ln.folded {
		var kind Kind
		if g.unfolded, kind = unfold(g.unfolded[:0], ln.raw); kind != 0 {
			return kind
		}
		v = trimBlank(g.unfolded)
	}
	canonical, kind := g.value(v, f, s)
	if kind != 0 {
		return kind
	}
	long := ""
	if len(ln.name) == 1 {
		long = longName(ln.name[0])
	}
	if !ln.folded && !ln.spaced && long == "" && (f == otherField || bytes.Equal(canonical, v)) {
		g.keep(b, ln)
		return 0
	}
	g.rewrite(b, ln.start)
	switch {
	case f != otherField:
		g.out = append(g.out, f.name()...)
	case long != "":
		g.out = append(g.out, long...)
	default:
		g.out = append(g.out, ln.name...)
	}
	g.out = append(g.out, ": "...)
	g.out = append(g.out, canonical...)
	g.out = append(g.out, "\r\n"...)
	return 0
}

// value returns the canonical form of an unfolded value, either v itself or
// g.line.
func (g *Guard) value(v []byte, f field, s *startLine) ([]byte, Kind) {
	var kind Kind
	switch f {
	case viaField, contactField, routeField, recordRouteField:
		g.line, kind = g.appendList(g.line[:0], v, f, s)
		return g.line, kind
	case fromField, toField, referToField, referredByField:
		g.line, kind = g.appendAddress(g.line[:0], v, f)
		return g.line, kind
	}
	if kind := checkText(v); kind != 0 {
		return nil, kind
	}
	switch f {
	case callIDField:
		if !allVisible(v) {
			return nil, BadCallID
		}
	case cseqField:
		_, method, ok := splitCSeq(v)
		if !ok {
			return nil, BadCSeq
		}
		if s.method != nil && !bytes.Equal(s.method, method) {
			return nil, MethodDiffers
		}
		digits := bytes.TrimRight(v[:len(v)-len(method)], " \t")
		g.line = append(append(append(g.line[:0], digits...), ' '), method...)
		return g.line, 0
	case maxForwardsField:
		return v, number(v, 255)
	case contentLengthField:
		return v, number(v, maxBody)
	case rseqField:
		return v, number(v, 1<<32-1)
	case contentTypeField:
		if len(v) == 0 {
			return nil, BadValue
		}
	}
	return v, 0
}

// appendList writes each value of a comma-separated header as a line of its
// own: the library does not find the comma after a Via without parameters.
func (g *Guard) appendList(dst, v []byte, f field, s *startLine) ([]byte, Kind) {
	for n := 1; ; n++ {
		if n > g.limits.Values {
			return dst, TooMany
		}
		value, rest, more := nextValue(v)
		var kind Kind
		if f == viaField {
			start := len(dst)
			dst, kind = g.appendVia(dst, value)
			if top := n == 1 && !g.seen[viaField]; top && kind == 0 && s.method != nil && emptyBranch(dst[start:]) {
				kind = BadVia
			}
		} else {
			dst, kind = g.appendAddress(dst, value, f)
		}
		if kind != 0 {
			return dst, kind
		}
		if f == contactField {
			g.contacts++
		}
		if !more {
			return dst, 0
		}
		v = rest
		dst = append(append(append(dst, "\r\n"...), f.name()...), ": "...)
	}
}

// oneContact refuses several Contacts where they name the remote target: it
// "MUST be present and contain exactly one SIP or SIPS URI" in a request that
// can establish or refresh a dialog (RFC 3261 §8.1.1.8).
func (g *Guard) oneContact(s *startLine) Kind {
	if g.contacts > 1 && (string(s.method) == "INVITE" || string(s.method) == "UPDATE") {
		return Duplicate
	}
	return 0
}

// keep adds a line as it came.
func (g *Guard) keep(b []byte, ln line) {
	if g.dirty {
		g.out = append(g.out, b[ln.start:ln.end]...)
	}
}

// rewrite makes the output a copy, up to the octet where it begins to differ.
func (g *Guard) rewrite(b []byte, upTo int) {
	if !g.dirty {
		g.out, g.dirty = append(g.out[:0], b[:upTo]...), true
	}
}

func number(v []byte, limit uint64) Kind {
	if _, ok := decimal(v, limit); !ok {
		return BadNumber
	}
	return 0
}
