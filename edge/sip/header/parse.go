package header

import (
	"bytes"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// Parse takes one whole message through the guard and the message library. The
// result shares no memory with b or g. The error is a *Fault.
func Parse(g *Guard, b []byte) (sip.Message, error) {
	c, err := g.Canonical(b)
	if err != nil {
		return nil, err
	}
	g.frame = &frame{}
	m, err := g.parser.ParseSIP(c)
	if err != nil {
		return nil, newFault(b, Fault{Kind: Unparsed})
	}
	if kind := g.settle(m, c); kind != 0 {
		return nil, newFault(b, Fault{Kind: kind})
	}
	return m, nil
}

// newParser leaves as text the headers the library cannot write back whole.
// The canonical form may be longer than what came, so the library's own limit
// stands above the guard's.
func (g *Guard) newParser() *sip.Parser {
	readers := make(map[string]sip.HeaderParser)
	for name, read := range sip.DefaultHeadersParser() {
		switch identify([]byte(name)) {
		case contactField, routeField, recordRouteField, referToField, referredByField:
		default:
			readers[name] = read
		}
	}
	for _, name := range [...]string{
		"Contact", "Route", "Record-Route", "Refer-To", "Referred-By",
		"Accept", "Allow", "Min-SE", "P-Access-Network-Info", "P-Asserted-Identity", "P-Charging-Vector",
		"P-Early-Media", "Privacy", "Reason", "Require", "Session-Expires", "Session-ID", "Supported",
		"User-Agent", "Server", CallHeader,
	} {
		readers[strings.ToLower(name)] = verbatim(name)
	}
	readers["from"], readers["to"] = g.readFrom, g.readTo
	readers["call-id"], readers["cseq"] = g.readCallID, g.readCSeq
	readers["max-forwards"], readers["content-length"] = g.readMaxForwards, g.readContentLength
	p := sip.NewParser(sip.WithHeadersParsers(readers))
	p.MaxMessageLength = 1 << 20
	return p
}

// verbatim reads a frequent header as text. It saves the copy of its name that the
// library makes of those it was told nothing of.
func verbatim(name string) sip.HeaderParser {
	return func(_ []byte, value string) (sip.Header, error) { return sip.NewHeader(name, value), nil }
}

// settle undoes what the library did to the start line and makes sure that the
// headers every later room relies on were understood.
func (g *Guard) settle(m sip.Message, c []byte) Kind {
	if m.Via() == nil || m.From() == nil || m.To() == nil || m.CallID() == nil || m.CSeq() == nil {
		return Missing
	}
	list := fields(m)
	for i, h := range list {
		switch h := h.(type) {
		case *sip.ViaHeader:
			// The library takes the brackets off and puts them back only around
			// what it knows for IPv6, which ::ffff:192.0.2.1 is not.
			if strings.IndexByte(h.Host, ':') >= 0 {
				h.Host = "[" + h.Host + "]"
			}
		case *sip.FromHeader:
			list[i] = sip.NewHeader("From", g.frame.fromText)
		case *sip.ToHeader:
			list[i] = sip.NewHeader("To", g.frame.toText)
		}
	}
	switch m := m.(type) {
	case *sip.Request:
		// "INVITEm = %x49.4E.56.49.54.45 ; INVITE in caps" (RFC 3261 §25.1): the
		// library has put the method into capitals, whatever it was.
		method, _, _ := bytes.Cut(c, []byte{' '})
		if string(m.Method) != string(method) {
			m.Method = sip.RequestMethod(method)
		}
		if m.CSeq().MethodName != m.Method {
			return MethodDiffers
		}
	case *sip.Response:
		m.Reason = strings.TrimSuffix(m.Reason, " ")
	}
	return 0
}
