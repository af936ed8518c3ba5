package sdp

import (
	"net/netip"
	"strings"
)

// Fax is a T.38 session over UDPTL (ITU-T T.38 annex D, RFC 3362) as one side
// describes it. It is comparable; the zero Fax is none.
type Fax struct {
	On bool
	// Lines are its attributes, each ended by CRLF.
	Lines string
}

// faxAttributes are what T.38 annex D.2.3 defines. Nothing else of a description
// goes to the other side.
var faxAttributes = [...]string{
	"T38FaxVersion", "T38MaxBitRate", "T38FaxFillBitRemoval", "T38FaxTranscodingMMR", "T38FaxTranscodingJBIG", "T38FaxRateManagement",
	"T38FaxMaxBuffer", "T38FaxMaxDatagram", "T38FaxMaxIFP", "T38FaxUdpEC", "T38FaxUdpECDepth", "T38FaxUdpFECMaxSpan",
}

const (
	faxKind, faxProto, faxFormat = "image", "udptl", "t38"
)

// Fax returns the T.38 stream that a description is about, and where the writer
// wants it: the first m=image of UDPTL with a port, where there is no audio
// with a port.
func (d *Description) Fax() (Fax, netip.AddrPort, bool) {
	f, i, ok := d.image()
	if !ok {
		return f, netip.AddrPort{}, false
	}
	return f, d.read(i).RTP, true
}

// image is Fax with the index of the stream.
func (d *Description) image() (Fax, int, bool) {
	if d.found {
		return Fax{}, 0, false
	}
	for i, m := range d.media {
		if m.Port != 0 && isFax(m.Kind, m.Proto) {
			return d.fax(i), i, true
		}
	}
	return Fax{}, 0, false
}

func isFax(kind, proto string) bool {
	return strings.EqualFold(kind, faxKind) && strings.EqualFold(proto, faxProto)
}

func (d *Description) fax(i int) Fax {
	var b strings.Builder
	for _, l := range d.lines[d.media[i].first+1 : d.media[i].end] {
		if l.Type != 'a' {
			continue
		}
		name, value, valued := strings.Cut(l.Value, ":")
		for _, known := range faxAttributes {
			if !strings.EqualFold(strings.TrimSpace(name), known) || strings.Contains(b.String(), "a="+known+":") {
				continue
			}
			if value = strings.TrimSpace(value); valued && token(value) {
				b.WriteString("a=" + known + ":" + value + "\r\n")
			} else if !valued {
				b.WriteString("a=" + known + "\r\n")
			}
		}
	}
	return Fax{On: true, Lines: b.String()}
}

// appendFax writes the m= line of a T.38 session of ours.
func (s *Session) appendFax(dst []byte, st Stream, b body) []byte {
	dst = append(appendMedia(dst, st, s.Local.Addr.Port()), " "+faxFormat+"\r\n"...)
	return append(dst, b.fax.Lines...)
}
