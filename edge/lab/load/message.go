package load

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
)

// message is what is read of a SIP message. Slices point into the datagram.
type message struct {
	method string // of a request, or of a response's CSeq
	status int    // 0 for a request
	target []byte // Request-URI
	cseq   uint32
	callID []byte
	via    [][]byte // values, topmost first
	from   []byte
	to     []byte
	// contact is the URI in Contact; empty where there is none.
	contact []byte
	body    []byte
}

// read scans a datagram. It knows compact forms and white space before the
// colon, and nothing of folding or several values in a line: peers under load
// write neither.
func read(data []byte) (*message, error) {
	head, body, ok := bytes.Cut(data, []byte("\r\n\r\n"))
	if !ok {
		return nil, errors.New("no end of headers")
	}
	start, rest, _ := bytes.Cut(head, []byte("\r\n"))
	m := &message{body: body}
	var cseqMethod []byte
	for len(rest) > 0 {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte("\r\n"))
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			return nil, fmt.Errorf("header line %q", line)
		}
		name, value = bytes.TrimSpace(name), bytes.TrimSpace(value)
		switch {
		case is(name, "Via", "v"):
			m.via = append(m.via, value)
		case is(name, "From", "f"):
			m.from = value
		case is(name, "To", "t"):
			m.to = value
		case is(name, "Call-ID", "i"):
			m.callID = value
		case is(name, "Contact", "m"):
			m.contact = uri(value)
		case is(name, "CSeq", ""):
			number, method, _ := bytes.Cut(value, []byte(" "))
			n, err := strconv.ParseUint(string(number), 10, 32)
			if err != nil {
				return nil, fmt.Errorf("CSeq: %w", err)
			}
			m.cseq, cseqMethod = uint32(n), bytes.TrimSpace(method)
		}
	}
	if len(m.via) == 0 || len(m.from) == 0 || len(m.to) == 0 || len(m.callID) == 0 || len(cseqMethod) == 0 {
		return nil, errors.New("a header that every message has is missing (RFC 3261 §8.1.1)")
	}
	m.method = string(cseqMethod)
	return m, m.readStart(start)
}

func (m *message) readStart(start []byte) error {
	first, rest, _ := bytes.Cut(start, []byte(" "))
	second, _, _ := bytes.Cut(rest, []byte(" "))
	if string(first) != "SIP/2.0" {
		if m.method != string(first) {
			return fmt.Errorf("CSeq of %s in %s", m.method, first)
		}
		m.target = second
		return nil
	}
	status, err := strconv.Atoi(string(second))
	if err != nil || status < 100 || status > 699 {
		return fmt.Errorf("status %q", second)
	}
	m.status = status
	return nil
}

func is(name []byte, long, compact string) bool {
	return len(name) == len(long) && bytes.EqualFold(name, []byte(long)) ||
		compact != "" && len(name) == 1 && bytes.EqualFold(name, []byte(compact))
}

// uri returns what stands in angle brackets, or all before the parameters.
func uri(value []byte) []byte {
	if _, after, ok := bytes.Cut(value, []byte("<")); ok {
		inside, _, _ := bytes.Cut(after, []byte(">"))
		return inside
	}
	bare, _, _ := bytes.Cut(value, []byte(";"))
	return bare
}

// user returns the user part of a SIP URI without its parameters.
func user(uri []byte) []byte {
	_, rest, _ := bytes.Cut(uri, []byte(":"))
	u, _, ok := bytes.Cut(rest, []byte("@"))
	if !ok {
		return nil
	}
	u, _, _ = bytes.Cut(u, []byte(";"))
	return u
}

// audio returns where an SDP wants RTP: the port of the first m=audio line, at
// the address of its own c= line or else the session's (RFC 8866 §5.7, §5.14).
func audio(sdp []byte) (netip.AddrPort, error) {
	var addr netip.Addr
	var port uint64
	for line := range bytes.Lines(sdp) {
		line = bytes.TrimSpace(line)
		switch {
		case bytes.HasPrefix(line, []byte("m=")) && port != 0:
			return place(addr, port)
		case bytes.HasPrefix(line, []byte("m=audio ")):
			var err error
			if port, err = strconv.ParseUint(string(bytes.Fields(line)[1]), 10, 16); err != nil {
				return netip.AddrPort{}, fmt.Errorf("media: %w", err)
			}
		case bytes.HasPrefix(line, []byte("c=IN IP")):
			fields := bytes.Fields(line)
			var err error
			if addr, err = netip.ParseAddr(string(fields[len(fields)-1])); err != nil {
				return netip.AddrPort{}, fmt.Errorf("connection: %w", err)
			}
		}
	}
	return place(addr, port)
}

func place(addr netip.Addr, port uint64) (netip.AddrPort, error) {
	if !addr.IsValid() || port == 0 {
		return netip.AddrPort{}, errors.New("the description names no place for audio")
	}
	return netip.AddrPortFrom(addr, uint16(port)), nil
}
