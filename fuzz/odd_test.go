package fuzz

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/header"
)

const farFax = "v=0\r\no=- 7 %d IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n%sm=image 4000 udptl t38\r\na=T38FaxVersion:0\r\na=T38FaxUdpEC:t38UDPRedundancy\r\n"

// describeFax is a neighbour's T.38: from its own address or not, alone or where the
// audio was (RFC 3264 §8.3.3).
func (s *site) describeFax(n, how int) string {
	host := neighbours[n].flow.Remote.Addr().String()
	if how&1 != 0 {
		host = [2]string{"203.0.113.66", "0.0.0.0"}[how>>2&1]
	}
	before := ""
	if how&2 != 0 {
		before = "m=audio 0 RTP/AVP 0\r\n"
	}
	s.serial++
	return fmt.Sprintf(farFax, s.serial, host, host, before)
}

// agreeTo is what a neighbour answers an offer of the border's, of either kind.
func (s *site) agreeTo(n int, r *sip.Request, how int) string {
	if strings.Contains(string(r.Body()), "m=image") && how&4 == 0 {
		s.reached["fax"] = true
		return s.describeFax(n, 0)
	}
	return s.describe(n, how)
}

// replace calls in the place of a dialog: its own or another's, told well or not
// (RFC 3891 §3).
func (s *site) replace(how byte) {
	f := s.pick(int(how&3), func(f *far) bool {
		return strings.Contains(f.remote, ";tag=") && strings.Contains(f.local, ";tag=") && f.final < 300
	})
	if f == nil || len(s.fars) >= 24 {
		return
	}
	n, kind := f.peer, how>>2&7
	if n >= core {
		n = pstn // the core replaces nothing at the border, the spare peer has no numbers
	}
	value := f.callID + ";to-tag=" + tagIn(f.remote) + ";from-tag=" + tagIn(f.local)
	body := s.describe(n, 0)
	switch kind {
	case 1:
		value += ";early-only"
	case 2:
		value += "x"
	case 3:
		n = docomo // perhaps not whose dialog it is
	case 4:
		body = ""
	case 5:
		body = s.describe(n, 3+int(how>>3&12))
	case 6:
		value += "\r\nReplaces: " + value
	case 7:
		body = s.describe(n, 1)
	}
	list, name := dialled(n), "r"
	if n == docomo && n != f.peer {
		name = "odd481." // for everybody else it does not exist (ATTACKS B8)
	}
	g := s.meet(n, list[int(how>>5)%len(list)], name)
	g.offered = body != ""
	s.send(n, withBody(g.head("INVITE", g.branch, 1)+s.asserts(n)+"Replaces: "+value+"\r\n", body))
}

func tagIn(value string) string {
	a, err := header.ParseNameAddr(value)
	if err != nil {
		return ""
	}
	tag, _ := a.Params.Get("tag")
	return tag
}

// oddities are INVITEs that are refused whomever they call: the line that says why,
// by the status.
var oddities = []struct {
	status int
	line   string
}{
	{483, "Max-Forwards: 0\r\n"},
	{420, "Max-Forwards: 70\r\nRequire: pie\r\n"},
	{422, "Max-Forwards: 70\r\nSupported: timer\r\nSession-Expires: 60\r\n"},
	{482, "Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKours.p22\r\nMax-Forwards: 70\r\n"},
}

// odd sends one of them: who (two bits), which, and whom it calls.
func (s *site) odd(how byte) {
	if len(s.fars) >= 24 {
		return
	}
	n, what := int(how&3), oddities[how>>2&3]
	list := dialled(n)
	f := s.meet(n, list[int(how>>4)%len(list)], fmt.Sprintf("odd%d.", what.status))
	f.offered = true
	head := strings.Replace(f.head("INVITE", f.branch, 1), "Max-Forwards: 70\r\n", what.line, 1)
	s.send(n, withBody(head+s.asserts(n), s.describe(n, 0)))
}

// oddOf is the status that a Call-ID tells of, 0 of a usual one.
func oddOf(callID string) int {
	rest, ok := strings.CutPrefix(callID, "odd")
	if !ok {
		return 0
	}
	status, _, _ := strings.Cut(rest, ".")
	n, _ := strconv.Atoi(status)
	return n
}

// oddScripts are seeds of what this file adds.
func oddScripts(inward, outward, public byte) [][]byte {
	ring, answer := byte(1), byte(3)
	brief, second, long := byte(1), byte(3), byte(6)
	talking := []byte{actCall, inward, actAnswer, ring, actAnswer, answer, actPass, brief}
	called := []byte{actCall, to(core, "09000002001"), actAnswer, ring, actAnswer, answer, actPass, brief}
	fax := []byte{actCall, public, actAnswer, answer, actPass, brief}
	and := func(first []byte, more ...byte) []byte { return append(append([]byte(nil), first...), more...) }
	right, early, wrong, stranger, late := byte(0), byte(1<<2), byte(2<<2), byte(3<<2), byte(4<<2)
	return [][]byte{
		and(talking, actReplace, 1|right, actPass, brief, actBye, 0),
		and(talking, actReplace, 1|right, actPass, brief, actReplace, 0|right, actPass, second, actBye, 2),
		and(talking, actReplace, 1|right, actBye, 1, actPass, second),
		and(talking, actReplace, 1|early, actReplace, 1|wrong, actReplace, stranger, actReplace, 1|late, actBye, 0),
		and(talking, actReplace, 1|7<<2, actReplace, 1|5<<2, actReplace, 1|6<<2, actPass, long),
		and(talking, actSilence, 31, actReplace, 1|right, actPass, long, actPass, long),
		and(called, actReplace, 0|right, actPass, brief, actReplace, 1|right, actBye, 1, actReplace, 0|right, actPass, second),
		and(called, actAsk, 0|4<<2, actReplace, 0|right, actAnswer, answer, actReplace, 0|right, actBye, 0),
		{actCall, inward, actAnswer, ring, actReplace, 0, actReplace, 1, actAnswer, answer, actBye, 0},
		and(fax, actFax, 0, actPass, brief, actReoffer, 0, actPass, brief, actBye, 0),
		and(fax, actFax, 1, actFax, 1|1<<2, actFax, 1|2<<2, actReoffer, 1, actFax, 0, actBye, 1),
		and(fax, actSilence, 31, actFax, 0, actFax, 1, actSettle, 0, actReoffer, 0, actSettle, 1<<3, actPass, long),
		and(fax, actSilence, 31, actFax, 0, actSettle, 2<<3, actBye, 0),
		and(fax, actSilence, 31, actFax, 0, actSettle, 1<<3, actFax, 1, actSettle, 4<<5, actBye, 0),
		and(fax, actFax, 0, actUpdate, 0, actReoffer, 0|1<<4, actAnswer, answer, actBye, 0),
		and(talking, actFax, 0, actReplace, 1, actFax, 0, actPass, brief, actBye, 0),
		and(talking, actFax, 0, actSilence, 31, actUpdate, 0, actPass, 7), // both wait as long
		{actOdd, 0, actOdd, 1 << 2, actOdd, 2 << 2, actOdd, 3 << 2, actOdd, core, actOdd, core | 1<<2, actOdd, core | 2<<2, actOdd, core | 3<<2, actRepeat, 0, actRepeat, 1},
		{actCall, outward, actAnswer, 13, actPass, brief, actAnswer, ring, actAnswer, answer, actPass, brief, actBye, 0},
		{actCall, public, actAnswer, 13, actAnswer, 13, actAnswer, answer, actPass, long},
	}
}
