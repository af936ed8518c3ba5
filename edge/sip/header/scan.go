package header

// Head is what the rim needs of a message. Its slices point into the scanned
// octets.
type Head struct {
	Method        []byte // of a request; nil for a response
	Status        int    // of a response, 100 to 699; 0 for a request
	CallID        []byte
	CSeq          uint32
	CSeqMethod    []byte
	ContentLength int // octets of body; -1 where the header is absent
	Len           int // octets of start line, headers and empty line
}

// Request reports whether the message is a request.
func (h *Head) Request() bool { return h.Method != nil }

// maxBody bounds Content-Length before anything is allocated for it.
const maxBody = 1 << 24

// Scan reads the header section of b once, in linear time and without
// allocating, up to the empty line. It finds what the rim routes and frames by
// and refuses only what makes that uncertain; Guard judges the rest. A partial
// message of a stream yields a *Fault of kind Incomplete.
func Scan(b []byte) (Head, error) {
	h := Head{ContentLength: -1}
	start, kind := readStart(b)
	if kind != 0 {
		return h, newFault(b, Fault{Kind: kind})
	}
	h.Method, h.Status = start.method, start.status
	var seen [fieldCount]bool
	for pos := start.end; ; {
		ln, kind := readLine(b, pos)
		if kind != 0 {
			return h, newFault(b, Fault{Kind: kind, Offset: pos})
		}
		if ln.last {
			h.Len = ln.end
			break
		}
		pos = ln.end
		f := identify(ln.name)
		if f.single() {
			if seen[f] {
				return h, newFault(b, Fault{Kind: Duplicate, Header: f.name(), Offset: ln.start})
			}
			seen[f] = true
		}
		if kind := h.take(f, ln.value); kind != 0 {
			return h, newFault(b, Fault{Kind: kind, Header: f.name(), Offset: ln.start})
		}
	}
	if !seen[callIDField] {
		return h, newFault(b, Fault{Kind: Missing, Header: "Call-ID"})
	}
	return h, nil
}

// CallID is Scan for a caller that routes by the Call-ID only.
func CallID(b []byte) ([]byte, error) {
	h, err := Scan(b)
	return h.CallID, err
}

func (h *Head) take(f field, v []byte) Kind {
	switch f {
	case callIDField:
		if !allVisible(v) {
			return BadCallID
		}
		h.CallID = v
	case cseqField:
		seq, method, ok := splitCSeq(v)
		if !ok {
			return BadCSeq
		}
		h.CSeq, h.CSeqMethod = seq, method
	case contentLengthField:
		n, ok := decimal(v, maxBody)
		if !ok {
			return BadNumber
		}
		h.ContentLength = int(n)
	}
	return 0
}

// splitCSeq reads 1*DIGIT LWS Method; "The sequence number value MUST be
// expressible as a 32-bit unsigned integer. The sequence number MUST be less
// than 2**31." (RFC 3261 §8.1.1.5)
func splitCSeq(v []byte) (uint32, []byte, bool) {
	i := 0
	for i < len(v) && isDigit(v[i]) {
		i++
	}
	seq, ok := decimal(v[:i], 1<<31-1)
	method := trimFold(v[i:])
	if !ok || i == len(v) || len(method) == len(v)-i || !allToken(method) {
		return 0, nil, false
	}
	return uint32(seq), method, true
}

func newFault(b []byte, f Fault) *Fault {
	if f.Kind.status() != 0 && answerable(b) {
		f.Status = f.Kind.status()
	}
	return &f
}
