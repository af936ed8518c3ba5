package header

import (
	"bytes"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// Parse takes one whole message through the guard and makes a message of the
// library's of it. The result shares no memory with b or g: every text in it is
// a part of one copy of the header section. The error is a *Fault.
func Parse(g *Guard, b []byte) (sip.Message, error) {
	c, err := g.Canonical(b)
	if err != nil {
		return nil, err
	}
	m, kind := read(c)
	if kind != 0 {
		return nil, newFault(b, Fault{Kind: kind})
	}
	return m, nil
}

// read makes a message of one in canonical form. The library reads the
// Request-URI and the parameters of Vias, and on demand whatever else it has a
// type for; what the guard has read already is not read again.
func read(c []byte) (sip.Message, Kind) {
	end := bytes.Index(c, []byte("\r\n\r\n"))
	if end < 0 {
		return nil, Incomplete
	}
	start, rest, more := strings.Cut(string(c[:end]), "\r\n")
	m, kind := readStartOf(start)
	if kind != 0 {
		return nil, kind
	}
	f := &frame{}
	for more {
		var line string
		line, rest, more = strings.Cut(rest, "\r\n")
		h, kind := f.read(line)
		if kind != 0 {
			return nil, kind
		}
		m.AppendHeader(h)
	}
	if body := c[end+4:]; len(body) > 0 {
		m.SetBody(bytes.Clone(body))
	}
	return m, 0
}

// readStartOf begins the message with a canonical start line.
func readStartOf(line string) (sip.Message, Kind) {
	first, rest, _ := strings.Cut(line, " ")
	if first == "SIP/2.0" {
		code, reason, _ := strings.Cut(rest, " ")
		status, ok := decimal(code, 699)
		if !ok {
			return nil, Unparsed
		}
		// The guard puts a space behind some reasons.
		return sip.NewResponse(int(status), strings.TrimSuffix(reason, " ")), 0
	}
	target, _, _ := strings.Cut(rest, " ")
	r := sip.NewRequest(sip.RequestMethod(first), sip.Uri{})
	if err := sip.ParseUri(target, &r.Recipient); err != nil || r.Recipient.Wildcard {
		return nil, Unparsed
	}
	return r, 0
}
