package load

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
)

// invite writes the INVITE of a mobile carrier's network, with the headers and
// the size that carriers give it.
func (h *half) invite(self, border netip.AddrPort, from string) []byte {
	international := "+81" + strings.TrimPrefix(from, "0")
	h.local = fmt.Appendf(nil, "<sip:%s@load.example;user=phone>;tag=%s", international, h.tag)
	h.remote = fmt.Appendf(nil, "<sip:%s@%s;user=phone>", h.call.dialled, border)
	h.target = fmt.Appendf(nil, "sip:%s@%s;user=phone", h.call.dialled, border)
	b := h.head("INVITE", h.cseq)
	b = fmt.Appendf(b, "Contact: <sip:%s@%s;transport=udp>\r\n", from, self)
	b = fmt.Appendf(b, "P-Asserted-Identity: <tel:%s>\r\n", international)
	b = fmt.Appendf(b, "P-Asserted-Identity: <sip:%s@load.example;user=phone>\r\n", international)
	b = append(b, "P-Access-Network-Info: 3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=44010000100000001\r\n"...)
	b = fmt.Appendf(b, "P-Charging-Vector: icid-value=\"load-%s\";orig-ioi=load.example\r\n", h.callID)
	b = append(b, "P-Early-Media: supported\r\nSupported: timer\r\nSession-Expires: 1800\r\nMin-SE: 90\r\n"...)
	b = append(b, "Allow: INVITE,ACK,BYE,CANCEL,OPTIONS\r\nAccept: application/sdp\r\nUser-Agent: sekisho-load\r\n"...)
	return h.describe(b)
}

// request writes a request of the dialog, or ACK or CANCEL of the INVITE.
func (h *half) request(method string, cseq uint32) []byte {
	return append(h.head(method, cseq), "Content-Length: 0\r\n\r\n"...)
}

func (h *half) head(method string, cseq uint32) []byte {
	// CANCEL and the ACK of a failure have the branch of their INVITE
	// (RFC 3261 §9.1, §17.1.1.3). That an ACK of a 2xx has it too is wrong by
	// §13.2.2.4, hence its own.
	branch := method
	if method == "CANCEL" || method == "ACK" && h.state != talking {
		branch = "INVITE"
	}
	b := make([]byte, 0, 1536)
	b = fmt.Appendf(b, "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%s.%d%s;rport\r\n", method, h.target, h.self, h.tag, cseq, branch)
	return fmt.Appendf(b, "Max-Forwards: 65\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d %s\r\n", h.local, h.remote, h.callID, cseq, method)
}

// describe ends a message with our SDP.
func (h *half) describe(b []byte) []byte {
	family := 4
	if h.hears.Addr().Is6() {
		family = 6
	}
	profile, crypto := "RTP/AVP", ""
	if h.puts != nil {
		profile, crypto = "RTP/SAVP", h.puts.attribute()
	}
	sdp := fmt.Appendf(nil, "v=0\r\no=- %d 1 IN IP%d %s\r\ns=-\r\nc=IN IP%d %s\r\nt=0 0\r\nm=audio %d %s 0 101\r\nb=AS:80\r\n%s"+
		"a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n",
		h.call.serial+1, family, h.hears.Addr(), family, h.hears.Addr(), h.hears.Port(), profile, crypto)
	b = fmt.Appendf(b, "Content-Type: application/sdp\r\nContent-Length: %d\r\n\r\n", len(sdp))
	return append(b, sdp...)
}

// respond writes a response to m. Tag is added to a To that has none.
func respond(m *message, status, tag string) []byte {
	b := make([]byte, 0, 1024)
	b = fmt.Appendf(b, "SIP/2.0 %s\r\n", status)
	for _, via := range m.via {
		b = fmt.Appendf(b, "Via: %s\r\n", via)
	}
	b = fmt.Appendf(b, "From: %s\r\nTo: %s", m.from, m.to)
	if tag != "" && !bytes.Contains(m.to, []byte(";tag=")) {
		b = fmt.Appendf(b, ";tag=%s", tag)
	}
	return fmt.Appendf(b, "\r\nCall-ID: %s\r\nCSeq: %d %s\r\n", m.callID, m.cseq, m.method)
}

// empty ends a message that has no body.
func empty(b []byte) []byte { return append(b, "Content-Length: 0\r\n\r\n"...) }
