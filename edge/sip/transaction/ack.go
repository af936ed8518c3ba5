package transaction

import (
	"bytes"

	"github.com/emiago/sipgo/sip"
)

// newACK builds the ACK for a non-2xx answer from the bytes of our INVITE
// (RFC 3261 §17.1.1.3): its Request-URI, top Via, Route, From, Call-ID and
// CSeq number, and the To of the response. The bytes are our own writer's, so
// each header field is one unfolded line.
func newACK(invite []byte, res *sip.Response) []byte {
	start, rest := line(invite)
	_, target, _ := bytes.Cut(start, []byte(" "))

	var b bytes.Buffer
	b.Grow(len(invite) / 2)
	b.WriteString("ACK ")
	b.Write(target) // with the version
	b.WriteString("\r\n")

	var to []byte
	vias := 0
	for {
		var field []byte
		field, rest = line(rest)
		if len(field) == 0 {
			break
		}
		name, value, ok := bytes.Cut(field, []byte(":"))
		if !ok {
			continue
		}
		switch string(bytes.ToLower(name)) {
		case "via", "v":
			// "The ACK MUST contain a single Via header field"
			if vias++; vias > 1 {
				continue
			}
		case "route", "from", "f", "call-id", "i":
		case "to", "t":
			to = field
			continue
		case "cseq":
			number := bytes.Fields(value)
			if len(number) == 0 {
				continue
			}
			b.WriteString("CSeq: ")
			b.Write(number[0])
			b.WriteString(" ACK\r\n")
			continue
		default:
			continue
		}
		b.Write(field)
		b.WriteString("\r\n")
	}
	if v := text(res, "To"); v != "" {
		b.WriteString("To: ")
		b.WriteString(v)
	} else {
		b.Write(to)
	}
	b.WriteString("\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n")
	return bytes.Clone(b.Bytes())
}

// line splits b behind its first CRLF, which belongs to neither part.
func line(b []byte) (first, rest []byte) {
	first, rest, _ = bytes.Cut(b, []byte("\r\n"))
	return first, rest
}
