package header

import (
	"strings"

	"github.com/emiago/sipgo/sip"
)

// frame holds the headers that nearly every message has, in one piece: they
// come and go together.
type frame struct {
	via    via
	callID sip.CallIDHeader
	kind   sip.ContentTypeHeader
	cseq   sip.CSeqHeader
	hops   sip.MaxForwardsHeader
	length sip.ContentLengthHeader
	// topped is set once via is in use.
	topped bool
}

// via is a Via with room for the parameters that most have beside it.
type via struct {
	sip.ViaHeader
	room [3]sip.HeaderKV
}

// read makes a header of a canonical line. Those that the library cannot write
// back whole stay text, and From and To with them: its typed getters read them
// on demand.
func (f *frame) read(line string) (sip.Header, Kind) {
	name, value, _ := strings.Cut(line, ":")
	value = trimText(value)
	field := identify(name)
	switch field {
	case otherField:
		return sip.NewHeader(name, value), 0
	case viaField:
		v := &f.via
		if f.topped {
			v = &via{}
		}
		f.topped = true
		return &v.ViaHeader, v.read(value)
	case callIDField:
		f.callID = sip.CallIDHeader(value)
		return &f.callID, 0
	case contentTypeField:
		f.kind = sip.ContentTypeHeader(value)
		return &f.kind, 0
	case cseqField:
		digits, method, _ := strings.Cut(value, " ")
		n, ok := decimal(digits, 1<<31-1)
		if !ok || method == "" {
			return nil, Unparsed
		}
		f.cseq = sip.CSeqHeader{SeqNo: uint32(n), MethodName: sip.RequestMethod(method)}
		return &f.cseq, 0
	case maxForwardsField:
		n, ok := decimal(value, 255)
		if !ok {
			return nil, Unparsed
		}
		f.hops = sip.MaxForwardsHeader(n)
		return &f.hops, 0
	case contentLengthField:
		n, ok := decimal(value, maxBody)
		if !ok {
			return nil, Unparsed
		}
		f.length = sip.ContentLengthHeader(n)
		return &f.length, 0
	}
	return sip.NewHeader(field.name(), value), 0
}

// read takes SIP/2.0/transport SP sent-by *( ";" param ). An IPv6 host keeps its
// brackets: the library puts them only around what it knows for IPv6, which
// ::ffff:192.0.2.1 is not.
func (v *via) read(value string) Kind {
	protocol, rest, _ := strings.Cut(value, " ")
	name, protocol, _ := strings.Cut(protocol, "/")
	version, transport, ok := strings.Cut(protocol, "/")
	if !ok {
		return Unparsed
	}
	sentBy, params, more := strings.Cut(rest, ";")
	host, port := sentBy, uint64(0)
	if colon := strings.LastIndexByte(sentBy, ':'); colon > strings.LastIndexByte(sentBy, ']') {
		host = sentBy[:colon]
		if port, ok = decimal(sentBy[colon+1:], 65535); !ok {
			return Unparsed
		}
	}
	v.ViaHeader = sip.ViaHeader{ProtocolName: name, ProtocolVersion: version, Transport: transport, Host: host, Port: int(port)}
	if !more {
		return 0
	}
	v.Params = v.room[:0]
	if _, err := sip.UnmarshalHeaderParams(params, ';', '\r', &v.Params); err != nil {
		return Unparsed
	}
	return 0
}
