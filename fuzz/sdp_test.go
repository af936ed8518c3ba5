package fuzz

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sekisho/edge/sip/sdp"
	"sekisho/media/relay"
)

// Our media addresses toward the two legs.
var (
	nearMedia = netip.MustParseAddrPort("203.0.113.10:20000")
	farMedia  = netip.MustParseAddrPort("203.0.113.20:20002")
	sixMedia  = netip.MustParseAddrPort("[2001:db8::10]:20004")
)

// FuzzSDP lets A offer to leg A, leg B offer to B what of it we carry, B answer,
// and leg A answer A; then A's and our own re-offers.
func FuzzSDP(f *testing.F) {
	files := load(f, sdpFiles)
	for name, offer := range files {
		answer := files[strings.Replace(name, ".offer", ".answer", 1)]
		if answer == nil {
			answer = offer
		}
		for _, script := range []uint16{0, 0x17, 0x2a, 0xffff} {
			f.Add(offer, answer, script)
		}
	}
	for _, text := range descriptions {
		b := []byte(strings.ReplaceAll(text, "\n", "\r\n"))
		f.Add(b, b, uint16(2))
		f.Add(b, b, uint16(5))
		f.Add(b, []byte(strings.TrimPrefix(body, "\n")), uint16(0x61))
	}
	f.Fuzz(func(t *testing.T, offered, answered []byte, script uint16) {
		offer, answer := checkParse(t, offered), checkParse(t, answered)
		if offer == nil {
			return
		}
		near := sdp.Session{Local: sdp.Local{Addr: nearMedia, Session: 7, Version: 1}}
		if script&1 != 0 {
			near.Local.Addr = sixMedia
		}
		caps := capsOf(script)
		far := sdp.Session{Local: sdp.Local{Addr: farMedia, Session: 9, Version: 1}}
		n, settled := checkAsOfferer(t, &far, caps.Restrict(offer), answer)
		if settled {
			caps = caps.Follow(n)
		}
		checkAsAnswerer(t, &near, offer, caps, directionOf(script))
		if answer != nil {
			checkAsAnswerer(t, &near, answer, capsOf(script), directionOf(script>>2))
			checkAsAnswerer(t, &far, answer, capsOf(script), directionOf(script>>2))
		}
		checkReoffer(t, &near, capsOf(script>>1))
		checkReoffer(t, &far, capsOf(script>>1))
	})
}

func capsOf(script uint16) sdp.Caps {
	codecs := [...][]relay.Codec{{relay.PCMU}, {relay.PCMA}, {relay.PCMU, relay.PCMA}, {relay.PCMA, relay.PCMU}}
	events := [...]relay.PayloadType{101, 96, relay.NoPayload, 127}
	return sdp.Caps{Codecs: codecs[script>>1&3], Event: events[script>>3&3], Ptime: uint8(script >> 10 & 1 * 30)}
}

func directionOf(script uint16) relay.Direction {
	return [...]relay.Direction{relay.SendRecv, relay.SendOnly, relay.RecvOnly, relay.Inactive}[script>>5&3]
}

// checkParse: a fault has its line, and what is read can be written and read as
// the same.
func checkParse(t *testing.T, b []byte) *sdp.Description {
	d, err := sdp.Parse(b)
	if err != nil {
		var fault *sdp.ParseError
		if !errors.As(err, &fault) || fault.Line < 1 || fault.Line > bytes.Count(b, []byte("\n"))+1 {
			t.Fatalf("fault %v of\n%q", err, b)
		}
		return nil
	}
	again, err := sdp.Parse(d.AppendTo(nil))
	if err != nil || !slices.Equal(again.Lines(), d.Lines()) || fmt.Sprint(again.Media()) != fmt.Sprint(d.Media()) {
		t.Fatalf("%v when\n%q is written\n%q", err, b, d.AppendTo(nil))
	}
	a, okA := d.Audio()
	if c, okC := again.Audio(); okA != okC || fmt.Sprint(a) != fmt.Sprint(c) || d.Hold() != again.Hold() {
		t.Fatalf("audio %+v becomes %+v by writing", a, c)
	}
	return d
}

// checkOurs holds a description of ours against the few lines we ever write.
// Nothing of the other side's c=, o= or a= can be in them: RFC 3264 owes a peer
// only its own m= lines.
func checkOurs(t *testing.T, text []byte, local netip.AddrPort) *sdp.Description {
	d, err := sdp.Parse(text)
	if err != nil || !bytes.Equal(d.AppendTo(nil), text) {
		t.Fatalf("our own description is read as %v:\n%q", err, text)
	}
	family := "IN IP4 "
	if local.Addr().Is6() {
		family = "IN IP6 "
	}
	address := family + local.Addr().String()
	seen := ""
	for _, l := range d.Lines() {
		ok := false
		switch l.Type {
		case 'v':
			ok = l.Value == "0"
		case 's':
			ok = l.Value == "-"
		case 'c':
			ok = l.Value == address
		case 'o':
			f := strings.SplitN(l.Value, " ", 4)
			ok = len(f) == 4 && f[0] == "-" && digits(f[1]) && digits(f[2]) && f[3] == address
		case 't':
			start, stop, found := strings.Cut(l.Value, " ")
			ok = found && digits(start) && digits(stop)
		case 'm':
			ok = len(strings.Fields(l.Value)) >= 4
		case 'a':
			name, value, _ := strings.Cut(l.Value, ":")
			switch name {
			case "rtpmap":
				_, format, _ := strings.Cut(value, " ")
				ok = slices.Contains([]string{"PCMU/8000", "PCMA/8000", "telephone-event/8000"}, format)
			case "fmtp":
				ok = strings.HasSuffix(value, " 0-15")
			case "ptime":
				n, err := strconv.Atoi(value)
				ok = err == nil && n >= 1 && n <= 200
			case "sendrecv", "sendonly", "recvonly", "inactive":
				ok = value == ""
			}
		}
		if !ok {
			t.Fatalf("we write the line %c=%q in\n%q", l.Type, l.Value, text)
		}
		seen += string(rune(l.Type))
	}
	if !strings.HasPrefix(seen, "vosct") || strings.Trim(seen[5:], "ma") != "" || strings.Count(seen, "m") == 0 {
		t.Fatalf("our lines are %s (RFC 8866 §5)", seen)
	}
	for _, m := range d.Media() {
		if m.Port != 0 && m.Port != local.Port() {
			t.Fatalf("port %d is not ours in\n%q", m.Port, text)
		}
	}
	return d
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// checkAsAnswerer takes the peer's offer and answers it (RFC 3264 §6).
func checkAsAnswerer(t *testing.T, s *sdp.Session, offer *sdp.Description, caps sdp.Caps, dir relay.Direction) {
	before := *s
	if err := s.RemoteOffer(offer); err != nil {
		checkRefused(t, err)
		checkUntouched(t, &before, s)
		return
	}
	text, err := s.Answer(caps, dir)
	if err != nil {
		checkRefused(t, err)
		s.Rollback()
		checkRolledBack(t, &before, s)
		return
	}
	answer := checkOurs(t, text, s.Local.Addr)
	offered, mine := offer.Media(), answer.Media()
	// "For each "m=" line in the offer, there MUST be a corresponding "m=" line
	// in the answer. The answer MUST contain exactly the same number of "m="
	// lines as the offer."
	if len(offered) != len(mine) {
		t.Fatalf("%d m= lines answer %d", len(mine), len(offered))
	}
	theirs, _ := offer.Audio()
	accepted := 0
	for i, m := range mine {
		if m.Kind != offered[i].Kind || m.Proto != offered[i].Proto {
			t.Fatalf("m=%s %s answers m=%s %s", m.Kind, m.Proto, offered[i].Kind, offered[i].Proto)
		}
		if m.Port == 0 {
			continue
		}
		accepted++
		if i != theirs.Index || offered[i].Port == 0 {
			t.Fatalf("m= line %d is accepted, the audio is %d", i, theirs.Index)
		}
		for _, pt := range strings.Fields(m.Formats) {
			if !slices.ContainsFunc(strings.Fields(offered[i].Formats), func(o string) bool { return sameNumber(o, pt) }) {
				t.Fatalf("format %s was not offered: %q", pt, offered[i].Formats)
			}
		}
	}
	if accepted != 1 {
		t.Fatalf("%d streams accepted in\n%q", accepted, text)
	}
	checkAnswerAudio(t, s, theirs, answer)
}

func checkAnswerAudio(t *testing.T, s *sdp.Session, theirs sdp.Audio, answer *sdp.Description) {
	ours, _ := answer.Audio()
	for _, f := range ours.Formats {
		// "the payload type numbers for a particular codec [...] MUST be the same"
		// as the offer's, with the same meaning.
		same := func(o sdp.Codec) bool {
			return o.PT == f.PT && strings.EqualFold(o.Name, f.Name) && o.Rate == f.Rate
		}
		if !slices.ContainsFunc(theirs.Formats, same) {
			t.Fatalf("we answer %+v to %+v", f, theirs.Formats)
		}
	}
	if ours.RTP != s.Local.Addr {
		t.Fatalf("we answer with %v, not %v", ours.RTP, s.Local.Addr)
	}
	if ours.Direction.Sends() && !theirs.Direction.Receives() || ours.Direction.Receives() && !theirs.Direction.Sends() {
		t.Fatalf("%v answers %v", ours.Direction, theirs.Direction)
	}
	n, ok := s.Negotiated()
	if !ok || s.State != sdp.Stable {
		t.Fatal("an answer without an agreement")
	}
	if n.Direction != ours.Direction || n.AudioIn != ours.Payload(n.Codec) || n.AudioOut != theirs.Payload(n.Codec) ||
		n.EventIn != ours.Event() || n.Hold == theirs.Direction.Receives() {
		t.Fatalf("agreed %+v, written %+v to %+v", n, ours, theirs)
	}
	checkRemote(t, s, n, theirs)
}

// checkRemote: media goes where the peer has said, or nowhere.
func checkRemote(t *testing.T, s *sdp.Session, n sdp.Negotiated, theirs sdp.Audio) {
	switch {
	case !n.Remote.IsValid():
		if !theirs.RTP.Addr().IsUnspecified() {
			t.Fatalf("no remote address of %v", theirs.RTP)
		}
	case n.Remote != theirs.RTP || n.Remote.Addr().Is4() != s.Local.Addr.Addr().Is4() || n.Remote.Port() == 0:
		t.Fatalf("media goes to %v, wanted at %v", n.Remote, theirs.RTP)
	}
	if n.Ptime < 1 || n.Ptime > 200 {
		t.Fatalf("ptime %d", n.Ptime)
	}
	for _, pt := range []relay.PayloadType{n.AudioIn, n.AudioOut} {
		if pt > 127 || pt == n.EventIn && n.EventIn == n.EventOut {
			t.Fatalf("payload types %+v", n)
		}
	}
}

// checkAsOfferer offers and takes the answer (RFC 3264 §5, §7).
func checkAsOfferer(t *testing.T, s *sdp.Session, caps sdp.Caps, answer *sdp.Description) (sdp.Negotiated, bool) {
	before := *s
	text, err := s.Offer(caps, relay.SendRecv)
	if err != nil {
		if len(caps.Codecs) > 0 {
			t.Fatalf("no offer of %+v: %v", caps, err)
		}
		checkUntouched(t, &before, s)
		return sdp.Negotiated{}, false
	}
	ours, ok := checkOurs(t, text, s.Local.Addr).Audio()
	if !ok || ours.Direction != relay.SendRecv || ours.RTP != s.Local.Addr {
		t.Fatalf("we offer %+v", ours)
	}
	numbers := map[relay.PayloadType]bool{}
	for _, f := range ours.Formats {
		if numbers[f.PT] {
			t.Fatalf("one payload type for two formats: %+v", ours.Formats)
		}
		numbers[f.PT] = true
	}
	offered := *s
	if answer == nil {
		return sdp.Negotiated{}, false
	}
	if err := s.RemoteAnswer(answer); err != nil {
		if !errors.Is(err, sdp.ErrAnswer) {
			checkRefused(t, err)
		}
		checkUntouched(t, &offered, s)
		s.Rollback()
		checkRolledBack(t, &before, s)
		return sdp.Negotiated{}, false
	}
	n, ok := s.Negotiated()
	if !ok || len(answer.Media()) != 1 || !slices.Contains(caps.Codecs, n.Codec) {
		t.Fatalf("agreed %+v by %d m= lines and %+v", n, len(answer.Media()), caps)
	}
	theirs, _ := answer.Audio()
	if n.AudioIn != ours.Payload(n.Codec) || n.AudioOut != theirs.Payload(n.Codec) {
		t.Fatalf("agreed %+v, offered %+v, answered %+v", n, ours, theirs)
	}
	if (n.EventIn == relay.NoPayload) != (n.EventOut == relay.NoPayload) || n.EventOut != relay.NoPayload && n.EventOut != theirs.Event() {
		t.Fatalf("events %+v", n)
	}
	checkRemote(t, s, n, theirs)
	s.Settle()
	// "If an answer [...] is received again" it changes nothing (RFC 3261 §13.2.1).
	if err := s.RemoteAnswer(answer); err != nil || s.Current.Negotiated != n {
		t.Fatalf("the same answer again: %v, %+v", err, s.Current.Negotiated)
	}
	return n, true
}

// checkReoffer: "the number of "m=" lines in the new SDP MUST NOT be less than"
// before, and each keeps its place and type (RFC 3264 §8).
func checkReoffer(t *testing.T, s *sdp.Session, caps sdp.Caps) {
	s.Settle()
	before := *s
	if s.State == sdp.Stable { // the media moves to another port
		s.Local.Addr = netip.AddrPortFrom(s.Local.Addr.Addr(), s.Local.Addr.Port()+100)
	}
	moved := *s
	text, err := s.Offer(caps, relay.SendOnly)
	if err != nil {
		checkUntouched(t, &moved, s)
		return
	}
	offer := checkOurs(t, text, s.Local.Addr)
	if before.State == sdp.Stable {
		if len(offer.Media()) != len(before.Current.Streams) {
			t.Fatalf("%d m= lines become %d", len(before.Current.Streams), len(offer.Media()))
		}
		for i, m := range offer.Media() {
			if st := before.Current.Streams[i]; m.Kind != st.Kind || m.Proto != st.Proto || (m.Port != 0) != (i == before.Current.Audio) {
				t.Fatalf("m=%+v in place of %+v", m, st)
			}
		}
	}
	if before.Sent != nil && (s.Local.Version == before.Local.Version) != bytes.Equal(before.Sent, text) {
		t.Fatalf("version %d, then %d for\n%q\n%q", before.Local.Version, s.Local.Version, before.Sent, text)
	}
	s.Rollback()
	checkRolledBack(t, &before, s)
}

// checkRefused: whatever a peer does wrong has its code and warning.
func checkRefused(t *testing.T, err error) {
	if _, _, ok := sdp.Warning(err); !ok {
		t.Fatalf("nothing to tell the peer of: %v", err)
	}
}

func checkUntouched(t *testing.T, before, after *sdp.Session) {
	if fmt.Sprint(*before) != fmt.Sprint(*after) {
		t.Fatalf("a refusal changes\n%+v\nto\n%+v", *before, *after)
	}
}

func checkRolledBack(t *testing.T, before, after *sdp.Session) {
	a, okA := before.Negotiated()
	b, okB := after.Negotiated()
	if a != b || okA != okB || before.State != after.State || before.Local.Addr != after.Local.Addr {
		t.Fatalf("rolled back from\n%+v\nto\n%+v", *before, *after)
	}
}

// sameNumber: a format of leading zeros is the same payload type.
func sameNumber(a, b string) bool {
	x, errX := strconv.Atoi(a)
	y, errY := strconv.Atoi(b)
	return errX == nil && errY == nil && x == y
}

// descriptions are the specification's seeds for SDP.
var descriptions = []string{
	strings.TrimPrefix(body, "\n"),
	"v=0\no=- 1 1 IN IP4 198.51.100.1\ns=-\na=ptime:20\nt=0 0\nm=audio 30000 RTP/AVP 96 0 8 97 98\nc=IN IP4 198.51.100.2\na=rtpmap:96 AMR-WB/16000\na=fmtp:96 mode-change-capability=2;max-red=0\na=rtpmap:97 telephone-event/16000\na=rtpmap:98 telephone-event/8000\na=fmtp:98 0-15\na=maxptime:240\n",
	"v=0\no=secret 4 5 IN IP6 2001:db8::77\ns=call of 0300009001\nc=IN IP6 2001:db8::77\nt=3 9\nm=video 0 RTP/AVP 31\nm=audio 30002 RTP/AVP 8\na=sendonly\na=rtcp:30009 IN IP6 2001:db8::78\nm=image 0 udptl t38\n",
	strings.TrimPrefix(body, "\n") + "a=sendonly\n",
	strings.TrimPrefix(body, "\n") + "a=recvonly\n",
	"v=0\nc=IN IP4 0.0.0.0\nm=audio 30000 RTP/AVP 0\na=inactive\n",
	"v=0\nm=audio 0 RTP/AVP 0\nm=audio 30000/2 RTP/AVPF 0 101\nc=IN IP4 198.51.100.1/127\na=rtpmap:101 telephone-event/8000\na=rtpmap:0 PCMA/8000\n",
	"v=0\no=x\nm=audio 65535 RTP/SAVP 0\nc=IN IP4 sbc.example\nm=message 5060 TCP/MSRP *\n",
}
