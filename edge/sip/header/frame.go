package header

import (
	"strings"

	"github.com/emiago/sipgo/sip"
)

// frame holds the headers that nearly every message has, in one piece: they
// come and go together. Addresses are the library's to read; what is only a
// number or a word the guard has judged already.
type frame struct {
	from   sip.FromHeader
	to     sip.ToHeader
	callID sip.CallIDHeader
	cseq   sip.CSeqHeader
	hops   sip.MaxForwardsHeader
	length sip.ContentLengthHeader
	// fromTag and toTag are room for the parameter that From and To have.
	fromTag, toTag [1]sip.HeaderKV
	// fromText and toText are the values as they came.
	fromText, toText string
}

func (g *Guard) readFrom(_ []byte, value string) (sip.Header, error) {
	h := &g.frame.from
	g.frame.fromText, h.Params = value, g.frame.fromTag[:0]
	var err error
	h.DisplayName, err = sip.ParseAddressValue(value, &h.Address, &h.Params)
	return h, err
}

func (g *Guard) readTo(_ []byte, value string) (sip.Header, error) {
	h := &g.frame.to
	g.frame.toText, h.Params = value, g.frame.toTag[:0]
	var err error
	h.DisplayName, err = sip.ParseAddressValue(value, &h.Address, &h.Params)
	return h, err
}

func (g *Guard) readCallID(_ []byte, value string) (sip.Header, error) {
	g.frame.callID = sip.CallIDHeader(value)
	return &g.frame.callID, nil
}

func (g *Guard) readCSeq(_ []byte, value string) (sip.Header, error) {
	digits, method, _ := strings.Cut(value, " ")
	n, ok := decimal(digits, 1<<31-1)
	if !ok || method == "" {
		return nil, syntax("CSeq")
	}
	g.frame.cseq = sip.CSeqHeader{SeqNo: uint32(n), MethodName: sip.RequestMethod(method)}
	return &g.frame.cseq, nil
}

func (g *Guard) readMaxForwards(_ []byte, value string) (sip.Header, error) {
	n, ok := decimal(value, 255)
	if !ok {
		return nil, syntax("Max-Forwards")
	}
	g.frame.hops = sip.MaxForwardsHeader(n)
	return &g.frame.hops, nil
}

func (g *Guard) readContentLength(_ []byte, value string) (sip.Header, error) {
	n, ok := decimal(value, maxBody)
	if !ok {
		return nil, syntax("Content-Length")
	}
	g.frame.length = sip.ContentLengthHeader(n)
	return &g.frame.length, nil
}
