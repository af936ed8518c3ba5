package sdp

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"sekisho/media/relay"
)

func leg(addr string) *Session {
	return &Session{Local: Local{Addr: netip.MustParseAddrPort(addr), Session: 7001, Version: 1}}
}

func offer(t testing.TB, s *Session, caps Caps, dir relay.Direction) string {
	t.Helper()
	b, err := s.Offer(caps, dir)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// answer gives s the peer's offer and returns what s answers.
func answer(t testing.TB, s *Session, text string, caps Caps) string {
	t.Helper()
	if err := s.RemoteOffer(parse(t, text)); err != nil {
		t.Fatal(err)
	}
	b, err := s.Answer(caps, relay.SendRecv)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func negotiated(t testing.TB, s *Session) Negotiated {
	t.Helper()
	n, ok := s.Negotiated()
	if !ok {
		t.Fatal("nothing negotiated")
	}
	return n
}

func want[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

func wantError(t testing.TB, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("got error %v, want %v", got, want)
	}
}

var both = Caps{Codecs: g711, Event: 101}

// peerAnswer is an answer of 198.51.100.9 with the given m= line and lines.
func peerAnswer(media string, lines ...string) string {
	return crlf(append([]string{"v=0", "o=peer 5 5 IN IP4 198.51.100.9", "s=-", "c=IN IP4 198.51.100.9", "t=0 0", media}, lines...)...)
}

func TestOfferText(t *testing.T) {
	s := leg("192.0.2.9:30000")
	want(t, "offer", offer(t, s, both, relay.SendRecv), crlf(
		"v=0", "o=- 7001 1 IN IP4 192.0.2.9", "s=-", "c=IN IP4 192.0.2.9", "t=0 0",
		"m=audio 30000 RTP/AVP 0 8 101",
		"a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000",
		"a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15",
		"a=ptime:20", "a=sendrecv"))
	want(t, "state", s.State, LocalOffer)

	s = leg("[2001:db8::9]:30000")
	want(t, "IPv6 offer without events", offer(t, s, Caps{Codecs: g711[1:], Event: relay.NoPayload, Ptime: 40}, relay.SendOnly), crlf(
		"v=0", "o=- 7001 1 IN IP6 2001:db8::9", "s=-", "c=IN IP6 2001:db8::9", "t=0 0",
		"m=audio 30000 RTP/AVP 8", "a=rtpmap:8 PCMA/8000", "a=ptime:40", "a=sendonly"))
}

// "For each "m=" line in the offer, there MUST be a corresponding "m=" line in
// the answer. The answer MUST contain exactly the same number of "m=" lines"
// (RFC 3264 §6), and "The "t=" line in the answer MUST equal that of the offer".
func TestAnswerText(t *testing.T) {
	cases := []struct{ name, offer, want string }{
		{"trunk: our preference, the peer's payload types",
			crlf("v=0", "c=IN IP4 192.0.2.1", "t=0 0", "m=audio 20000 RTP/AVP 18 8 0 96", "a=rtpmap:18 G729/8000", "a=rtpmap:96 telephone-event/8000"),
			"t=0 0|m=audio 30000 RTP/AVP 0 96|a=rtpmap:0 PCMU/8000|a=rtpmap:96 telephone-event/8000|a=fmtp:96 0-15|a=ptime:20|a=sendrecv"},
		{"no telephone-event offered, none answered",
			crlf("v=0", "c=IN IP4 192.0.2.1", "t=0 0", "m=audio 20000 RTP/AVP 8"),
			"t=0 0|m=audio 30000 RTP/AVP 8|a=rtpmap:8 PCMA/8000|a=ptime:20|a=sendrecv"},
		{"telephone-event of 16 kHz only is not answered",
			crlf("v=0", "c=IN IP4 192.0.2.1", "t=0 0", "m=audio 20000 RTP/AVP 0 98", "a=rtpmap:98 telephone-event/16000"),
			"t=0 0|m=audio 30000 RTP/AVP 0|a=rtpmap:0 PCMU/8000|a=ptime:20|a=sendrecv"},
		{"PCMU under a dynamic type",
			crlf("v=0", "c=IN IP4 192.0.2.1", "t=0 0", "m=audio 20000 RTP/AVP 97", "a=rtpmap:97 PCMU/8000"),
			"t=0 0|m=audio 30000 RTP/AVP 97|a=rtpmap:97 PCMU/8000|a=ptime:20|a=sendrecv"},
		{"second m= line video",
			crlf("v=0", "c=IN IP4 192.0.2.1", "t=0 0", "m=audio 20000 RTP/AVP 0", "m=video 20002 RTP/AVP 31 32", "a=rtpmap:31 H261/90000"),
			"t=0 0|m=audio 30000 RTP/AVP 0|a=rtpmap:0 PCMU/8000|a=ptime:20|a=sendrecv|m=video 0 RTP/AVP 31"},
		{"image and data around the audio, one without formats",
			crlf("v=0", "c=IN IP4 192.0.2.1", "t=0 0", "m=image 4000 udptl t38", "m=audio 0 RTP/AVP", "m=audio 20000 RTP/AVP 0", "m=application 9 UDP/DTLS/SCTP webrtc-datachannel"),
			"t=0 0|m=image 0 udptl t38|m=audio 0 RTP/AVP 0|m=audio 30000 RTP/AVP 0|a=rtpmap:0 PCMU/8000|a=ptime:20|a=sendrecv|m=application 0 UDP/DTLS/SCTP webrtc-datachannel"},
		{"times of the offer, protocol of the offer, its sendonly turned",
			crlf("v=0", "c=IN IP4 192.0.2.1", "t=2873397496 2873404696", "m=audio 20000 RTP/AVPF 0", "a=sendonly"),
			"t=2873397496 2873404696|m=audio 30000 RTP/AVPF 0|a=rtpmap:0 PCMU/8000|a=ptime:20|a=recvonly"},
	}
	const head = "v=0|o=- 7001 1 IN IP4 203.0.113.5|s=-|c=IN IP4 203.0.113.5|"
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := leg("203.0.113.5:30000")
			want(t, "answer", answer(t, s, c.offer, both), strings.ReplaceAll(head+c.want, "|", "\r\n")+"\r\n")
			want(t, "state", s.State, Stable)
		})
	}
}

// No byte of a peer's description but its own m= words, payload types and
// times comes back, let alone reaches the other leg.
func TestTopologyStaysInside(t *testing.T) {
	far := crlf("v=0", "o=secretuser 99887766 55443322 IN IP4 192.0.2.66", "s=secretname", "i=secretinfo", "u=http://secret.example",
		"c=IN IP4 192.0.2.66", "b=AS:4321", "t=0 0", "a=tool:secrettool", "m=audio 23456 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000",
		"a=candidate:1 1 UDP 1 192.0.2.66 23456 typ host", "a=rtcp:23499 IN IP4 192.0.2.67", "a=ptime:30", "a=ssrc:77665544 cname:secretcname")
	a, b := leg("203.0.113.5:30000"), leg("203.0.113.5:30002")
	texts := []string{
		answer(t, a, far, both),
		offer(t, b, both.Restrict(parse(t, far)), relay.SendRecv),
	}
	for _, text := range texts {
		for _, leak := range []string{"secret", "192.0.2.", "234", "998877", "554433", "4321", "candidate", "ssrc", "rtcp"} {
			if strings.Contains(text, leak) {
				t.Errorf("%q in\n%s", leak, text)
			}
		}
	}
	want(t, "ptime of the far side", b.Exchange.Offer.Ptime, 30)
}

func TestAnswerRefuses(t *testing.T) {
	cases := []struct {
		name, text string
		want       error
		warning    int
	}{
		{"AMR alone", "c=IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 107\na=rtpmap:107 AMR/8000", ErrNoCommonCodec, 304},
		{"G.729 and events", "c=IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 18 101\na=rtpmap:101 telephone-event/8000", ErrNoCommonCodec, 304},
		{"T.38 alone", "c=IN IP4 192.0.2.1\nm=image 4000 udptl t38", ErrNoCommonCodec, 304},
		{"audio closed", "c=IN IP4 192.0.2.1\nm=audio 0 RTP/AVP 0", ErrNoAudio, 304},
		{"SRTP is never answered in the clear", "c=IN IP4 192.0.2.1\nm=audio 4000 RTP/SAVP 0", ErrTransport, 302},
		{"DTLS", "c=IN IP4 192.0.2.1\nm=audio 4000 UDP/TLS/RTP/SAVPF 0", ErrTransport, 302},
		{"host name", "c=IN IP4 host.example\nm=audio 4000 RTP/AVP 0", ErrAddress, 301},
		{"no c= at all", "m=audio 4000 RTP/AVP 0", ErrAddress, 301},
		{"other family", "c=IN IP6 2001:db8::1\nm=audio 4000 RTP/AVP 0", ErrAddress, 301},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := leg("203.0.113.5:30000")
			before := *s
			err := s.RemoteOffer(parse(t, "v=0\n"+c.text))
			if err == nil {
				_, err = s.Answer(both, relay.SendRecv)
			}
			wantError(t, err, c.want)
			code, text, ok := Warning(err)
			want(t, "warning", code, c.warning)
			want(t, "warning stated", ok && text != "", true)
			s.Rollback()
			if !reflect.DeepEqual(*s, before) {
				t.Fatalf("after rollback %+v", s)
			}
		})
	}
	if _, _, ok := Warning(ErrState); ok {
		t.Error("ErrState is ours: no Warning")
	}
}

// "if a particular codec was referenced with a specific payload type number in
// the offer, that same payload type number SHOULD be used for that codec in the
// answer" (RFC 3264 §6.1): where it is not, we send what the answer says and
// receive what our offer said.
func TestRemoteAnswer(t *testing.T) {
	cases := []struct {
		name, answer string
		caps         Caps
		dir          relay.Direction
		want         Negotiated
	}{
		{"PCMU and 101", peerAnswer("m=audio 4000 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000", "a=ptime:20"), both, relay.SendRecv,
			Negotiated{Codec: relay.PCMU, AudioIn: 0, AudioOut: 0, EventIn: 101, EventOut: 101, Ptime: 20}},
		{"telephone-event 96 to our 101", peerAnswer("m=audio 4000 RTP/AVP 8 96", "a=rtpmap:96 telephone-event/8000"), both, relay.SendRecv,
			Negotiated{Codec: relay.PCMA, AudioIn: 8, AudioOut: 8, EventIn: 101, EventOut: 96, Ptime: 20}},
		{"audio under another type than ours", peerAnswer("m=audio 4000 RTP/AVP 97", "a=rtpmap:97 PCMA/8000"), both, relay.SendRecv,
			Negotiated{Codec: relay.PCMA, AudioIn: 8, AudioOut: 97, EventIn: relay.NoPayload, EventOut: relay.NoPayload, Ptime: 20}},
		{"two codecs: the peer's first", peerAnswer("m=audio 4000 RTP/AVP 8 0"), both, relay.SendRecv,
			Negotiated{Codec: relay.PCMA, AudioIn: 8, AudioOut: 8, EventIn: relay.NoPayload, EventOut: relay.NoPayload, Ptime: 20}},
		{"first codec is not among ours", peerAnswer("m=audio 4000 RTP/AVP 8 0"), Caps{Codecs: g711[:1], Event: 101}, relay.SendRecv,
			Negotiated{Codec: relay.PCMU, EventIn: relay.NoPayload, EventOut: relay.NoPayload, Ptime: 20}},
		{"events we did not offer", peerAnswer("m=audio 4000 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000"), Caps{Codecs: g711, Event: relay.NoPayload}, relay.SendRecv,
			Negotiated{Codec: relay.PCMU, EventIn: relay.NoPayload, EventOut: relay.NoPayload, Ptime: 20}},
		{"NGN", peerAnswer("m=audio 4000 RTP/AVP 0 101", "a=rtpmap:0 PCMU/8000/1", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15"), both, relay.SendRecv,
			Negotiated{Codec: relay.PCMU, EventIn: 101, EventOut: 101, Ptime: 20}},
		{"the peer's ptime rules what we send", peerAnswer("m=audio 4000 RTP/AVP 0", "a=ptime:30"), both, relay.SendRecv,
			Negotiated{Codec: relay.PCMU, EventIn: relay.NoPayload, EventOut: relay.NoPayload, Ptime: 30}},
		{"maxptime below the usual", peerAnswer("m=audio 4000 RTP/AVP 0", "a=maxptime:10"), both, relay.SendRecv,
			Negotiated{Codec: relay.PCMU, EventIn: relay.NoPayload, EventOut: relay.NoPayload, Ptime: 10}},
		{"answered on hold", peerAnswer("m=audio 4000 RTP/AVP 0", "a=sendonly"), both, relay.SendRecv,
			Negotiated{Codec: relay.PCMU, EventIn: relay.NoPayload, EventOut: relay.NoPayload, Ptime: 20, Direction: relay.RecvOnly, Hold: true}},
		{"our hold, rightly answered", peerAnswer("m=audio 4000 RTP/AVP 0", "a=recvonly"), both, relay.SendOnly,
			Negotiated{Codec: relay.PCMU, EventIn: relay.NoPayload, EventOut: relay.NoPayload, Ptime: 20, Direction: relay.SendOnly}},
		{"our hold, answered sendrecv against the RFC", peerAnswer("m=audio 4000 RTP/AVP 0"), both, relay.SendOnly,
			Negotiated{Codec: relay.PCMU, EventIn: relay.NoPayload, EventOut: relay.NoPayload, Ptime: 20, Direction: relay.SendOnly}},
		{"inactive says nothing of the peer's hold", peerAnswer("m=audio 4000 RTP/AVP 0", "a=inactive"), both, relay.Inactive,
			Negotiated{Codec: relay.PCMU, EventIn: relay.NoPayload, EventOut: relay.NoPayload, Ptime: 20, Direction: relay.Inactive}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := leg("203.0.113.5:30000")
			offer(t, s, c.caps, c.dir)
			if err := s.RemoteAnswer(parse(t, c.answer)); err != nil {
				t.Fatal(err)
			}
			c.want.Remote = netip.MustParseAddrPort("198.51.100.9:4000")
			c.want.RemoteRTCP = netip.MustParseAddrPort("198.51.100.9:4001")
			want(t, "negotiated", negotiated(t, s), c.want)
		})
	}
}

func TestRemoteAnswerRefuses(t *testing.T) {
	cases := []struct {
		name, answer string
		want         error
	}{
		{"more m= lines", peerAnswer("m=audio 4000 RTP/AVP 0", "m=video 0 RTP/AVP 31"), ErrAnswer},
		{"no m= line", peerAnswer("a=sendrecv"), ErrAnswer},
		{"another media type", peerAnswer("m=image 4000 udptl t38"), ErrAnswer},
		{"audio refused", peerAnswer("m=audio 0 RTP/AVP 0"), ErrNoAudio},
		{"a codec that was not offered", peerAnswer("m=audio 4000 RTP/AVP 18"), ErrNoCommonCodec},
		{"events alone", peerAnswer("m=audio 4000 RTP/AVP 101", "a=rtpmap:101 telephone-event/8000"), ErrNoCommonCodec},
		{"SRTP", peerAnswer("m=audio 4000 RTP/SAVP 0"), ErrTransport},
		{"host name", peerAnswer("m=audio 4000 RTP/AVP 0", "c=IN IP4 host.example"), ErrAddress},
		{"other family", peerAnswer("m=audio 4000 RTP/AVP 0", "c=IN IP6 2001:db8::1"), ErrAddress},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := leg("203.0.113.5:30000")
			offer(t, s, both, relay.SendRecv)
			before := *s
			wantError(t, s.RemoteAnswer(parse(t, c.answer)), c.want)
			if !reflect.DeepEqual(*s, before) {
				t.Fatalf("changed to %+v", s)
			}
		})
	}
}

// "it MUST NOT generate a new offer if it has received an offer which it has not
// yet answered or rejected. Furthermore, it MUST NOT generate a new offer if it
// has generated a prior offer for which it has not yet received an answer or a
// rejection" (RFC 3264 §4).
func TestOutOfTurn(t *testing.T) {
	d := parse(t, peerAnswer("m=audio 4000 RTP/AVP 0"))
	s := leg("203.0.113.5:30000")
	wantError(t, s.RemoteAnswer(d), ErrState)
	_, err := s.Answer(both, relay.SendRecv)
	wantError(t, err, ErrState)

	offer(t, s, both, relay.SendRecv)
	_, err = s.Offer(both, relay.SendRecv)
	wantError(t, err, ErrState)
	wantError(t, s.RemoteOffer(d), ErrState) // glare: 491
	_, err = s.Answer(both, relay.SendRecv)
	wantError(t, err, ErrState)

	s = leg("203.0.113.5:30000")
	if err := s.RemoteOffer(d); err != nil {
		t.Fatal(err)
	}
	wantError(t, s.RemoteOffer(d), ErrState)
	wantError(t, s.RemoteAnswer(d), ErrState)
	_, err = s.Offer(both, relay.SendRecv)
	wantError(t, err, ErrState)

	if _, err = s.Answer(both, relay.SendRecv); err != nil {
		t.Fatal(err)
	}
	wantError(t, s.RemoteAnswer(d), ErrState) // there was no offer of ours

	s = &Session{}
	_, err = s.Offer(both, relay.SendRecv)
	wantError(t, err, ErrLocal)
	s = leg("203.0.113.5:30000")
	for _, caps := range []Caps{{}, {Event: 101}, {Codecs: []relay.Codec{9}, Event: 101}} {
		_, err = s.Offer(caps, relay.SendRecv)
		wantError(t, err, ErrNoCommonCodec)
	}
	want(t, "state", s.State, Idle)
}

// "when issuing an offer that modifies the session, the "o=" line of the new
// SDP MUST be identical to that in the previous SDP, except that the version in
// the origin field MUST increment by one from the previous SDP. If the version
// in the origin line does not increment, the SDP MUST be identical to the SDP
// with that version number" (RFC 3264 §8).
func TestVersionGrowsWithTheText(t *testing.T) {
	s := leg("203.0.113.5:30000")
	ok := parse(t, peerAnswer("m=audio 4000 RTP/AVP 0"))
	caps := Caps{Codecs: g711[:1]}
	exchange := func(dir relay.Direction) string {
		t.Helper()
		text := offer(t, s, caps, dir)
		if err := s.RemoteAnswer(ok); err != nil {
			t.Fatal(err)
		}
		return text
	}
	one := exchange(relay.SendRecv)
	want(t, "refresh", exchange(relay.SendRecv), one)
	want(t, "version", s.Local.Version, 1)
	two := exchange(relay.SendOnly)
	want(t, "version", s.Local.Version, 2)
	want(t, "origin", strings.Contains(two, "o=- 7001 2 IN IP4 203.0.113.5\r\n"), true)

	// The peer's offer that changes nothing gets the description it has.
	text := answer(t, s, peerAnswer("m=audio 4000 RTP/AVP 0", "a=recvonly"), caps)
	want(t, "same text", text, two)

	// A refused offer has used its number up.
	refused := offer(t, s, caps, relay.Inactive)
	want(t, "version", s.Local.Version, 3)
	s.Rollback()
	want(t, "the same offer after 491", offer(t, s, caps, relay.Inactive), refused)
	s.Rollback()
	exchange(relay.SendOnly)
	want(t, "version", s.Local.Version, 4)
}

// "If a UA receives a non-2xx final response to a re-INVITE, the session
// parameters MUST remain unchanged, as if no re-INVITE had been issued"
// (RFC 3261 §14.1).
func TestRollback(t *testing.T) {
	settled := func() *Session {
		s := leg("203.0.113.5:30000")
		offer(t, s, both, relay.SendRecv)
		if err := s.RemoteAnswer(parse(t, peerAnswer("m=audio 4000 RTP/AVP 0"))); err != nil {
			t.Fatal(err)
		}
		s.Settle()
		return s
	}
	moved := peerAnswer("m=audio 4444 RTP/AVP 8")
	cases := []struct {
		name string
		do   func(*Session)
	}{
		{"our offer refused", func(s *Session) {
			s.Local.Addr = netip.MustParseAddrPort("203.0.113.5:30008")
			offer(t, s, both, relay.SendOnly)
		}},
		{"the peer's offer refused", func(s *Session) {
			if err := s.RemoteOffer(parse(t, moved)); err != nil {
				t.Fatal(err)
			}
		}},
		{"answered in a 18x, then refused", func(s *Session) {
			s.Local.Addr = netip.MustParseAddrPort("203.0.113.5:30008")
			offer(t, s, both, relay.SendRecv)
			if err := s.RemoteAnswer(parse(t, moved)); err != nil {
				t.Fatal(err)
			}
			want(t, "early", negotiated(t, s).Remote.Port(), 4444)
		}},
		{"answered twice in 18x, then refused", func(s *Session) {
			offer(t, s, both, relay.SendRecv)
			for _, port := range []string{"4444", "4446"} {
				if err := s.RemoteAnswer(parse(t, peerAnswer("m=audio "+port+" RTP/AVP 8"))); err != nil {
					t.Fatal(err)
				}
			}
		}},
		{"answered by us in a 18x, then refused by us", func(s *Session) { answer(t, s, moved, both) }},
		{"nothing outstanding", func(*Session) {}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := settled()
			before := *s
			c.do(s)
			s.Rollback()
			want(t, "negotiated", negotiated(t, s), before.Current.Negotiated)
			want(t, "address", s.Local.Addr, before.Local.Addr)
			want(t, "state", s.State, Stable)
			offer(t, s, both, relay.SendRecv) // and the session goes on
		})
	}
	s := leg("203.0.113.5:30000")
	offer(t, s, both, relay.SendRecv)
	s.Rollback()
	want(t, "a first offer refused", s.State, Idle)
	_, ok := s.Negotiated()
	want(t, "negotiated", ok, false)
}

// "the UAC MUST treat the first session description it receives as the answer,
// and MUST ignore any session descriptions in subsequent responses" (RFC 3261
// §13.2.1). That holds once the leg settles; before, the later answer counts.
func TestAnswerOnceMore(t *testing.T) {
	early, same, late := peerAnswer("m=audio 4000 RTP/AVP 0"), peerAnswer("m=audio 4000 RTP/AVP 0"), peerAnswer("m=audio 4444 RTP/AVP 8")
	t.Run("the same in 183 and 200", func(t *testing.T) {
		s := leg("203.0.113.5:30000")
		offer(t, s, both, relay.SendRecv)
		var seen []Negotiated
		for _, text := range []string{early, same} {
			if err := s.RemoteAnswer(parse(t, text)); err != nil {
				t.Fatal(err)
			}
			seen = append(seen, negotiated(t, s))
		}
		want(t, "second", seen[1], seen[0])
	})
	t.Run("another in the 200", func(t *testing.T) {
		s := leg("203.0.113.5:30000")
		offer(t, s, both, relay.SendRecv)
		for _, text := range []string{early, late} {
			if err := s.RemoteAnswer(parse(t, text)); err != nil {
				t.Fatal(err)
			}
		}
		want(t, "port", negotiated(t, s).Remote.Port(), 4444)
		want(t, "codec", negotiated(t, s).Codec, relay.PCMA)
	})
	t.Run("an unfit one in the 200 changes nothing", func(t *testing.T) {
		s := leg("203.0.113.5:30000")
		offer(t, s, both, relay.SendRecv)
		if err := s.RemoteAnswer(parse(t, early)); err != nil {
			t.Fatal(err)
		}
		wantError(t, s.RemoteAnswer(parse(t, peerAnswer("m=audio 4000 RTP/AVP 18"))), ErrNoCommonCodec)
		want(t, "port", negotiated(t, s).Remote.Port(), 4000)
	})
	t.Run("another after a reliable 18x is ignored", func(t *testing.T) {
		s := leg("203.0.113.5:30000")
		offer(t, s, both, relay.SendRecv)
		if err := s.RemoteAnswer(parse(t, early)); err != nil {
			t.Fatal(err)
		}
		s.Settle()
		if err := s.RemoteAnswer(parse(t, late)); err != nil {
			t.Fatal(err)
		}
		want(t, "port", negotiated(t, s).Remote.Port(), 4000)
	})
	t.Run("ours again in the 200", func(t *testing.T) {
		s := leg("203.0.113.5:30000")
		first := answer(t, s, early, both)
		again, err := s.Answer(both, relay.SendRecv)
		if err != nil || string(again) != first {
			t.Fatalf("%v\n%s", err, again)
		}
		s.Settle()
		_, err = s.Answer(both, relay.SendRecv)
		wantError(t, err, ErrState)
	})
	t.Run("an early dialog of its own", func(t *testing.T) {
		s := leg("203.0.113.5:30000")
		offer(t, s, both, relay.SendRecv)
		fork := *s
		if err := s.RemoteAnswer(parse(t, early)); err != nil {
			t.Fatal(err)
		}
		if err := fork.RemoteAnswer(parse(t, late)); err != nil {
			t.Fatal(err)
		}
		want(t, "first", negotiated(t, s).Remote.Port(), 4000)
		want(t, "fork", negotiated(t, &fork).Remote.Port(), 4444)
	})
}

// "if the previous SDP had N "m=" lines, the new SDP MUST have at least N "m="
// lines" (RFC 3264 §8), and "the mapping from a particular dynamic payload type
// number to a particular codec within that media stream MUST NOT change for the
// duration of a session" (§8.3.2).
func TestOfferKeepsWhatIsInForce(t *testing.T) {
	s := leg("203.0.113.5:30000")
	answer(t, s, crlf("v=0", "c=IN IP4 198.51.100.9", "t=0 0", "m=video 4002 RTP/AVP 31",
		"m=audio 4000 RTP/AVP 97 96", "a=rtpmap:97 PCMA/8000", "a=rtpmap:96 telephone-event/8000"), both)
	text := offer(t, s, both, relay.SendRecv)
	want(t, "m= lines", strings.Contains(text, "m=video 0 RTP/AVP 31\r\nm=audio 30000 RTP/AVP 0 97 96\r\n"), true)
	if err := s.RemoteAnswer(parse(t, crlf("v=0", "c=IN IP4 198.51.100.9", "t=0 0", "m=video 0 RTP/AVP 31",
		"m=audio 4000 RTP/AVP 97 96", "a=rtpmap:97 PCMA/8000", "a=rtpmap:96 telephone-event/8000"))); err != nil {
		t.Fatal(err)
	}
	n := negotiated(t, s)
	want(t, "audio in", n.AudioIn, 97)
	want(t, "event in", n.EventIn, 96)

	// The peer may put our telephone-event's number on its audio.
	s = leg("203.0.113.5:30000")
	answer(t, s, crlf("v=0", "c=IN IP4 198.51.100.9", "m=audio 4000 RTP/AVP 101", "a=rtpmap:101 PCMU/8000"), both)
	want(t, "one meaning", strings.Contains(offer(t, s, both, relay.SendRecv), "m=audio 30000 RTP/AVP 101 8\r\n"), true)
}

// An INVITE without SDP: our offer goes in the 200, the answer comes in the ACK
// (RFC 3261 §13.2.1); a re-INVITE without SDP gets an
// offer "as if the UAS were making a brand new call" (§14.2).
func TestLateOffer(t *testing.T) {
	s := leg("203.0.113.5:30000")
	offer(t, s, both.Restrict(nil), relay.SendRecv)
	if err := s.RemoteAnswer(parse(t, peerAnswer("m=audio 4000 RTP/AVP 8"))); err != nil {
		t.Fatal(err)
	}
	s.Settle()
	s.Rollback() // settled: nothing to take back
	want(t, "codec", negotiated(t, s).Codec, relay.PCMA)
	want(t, "full offer", strings.Contains(offer(t, s, both, relay.SendRecv), "RTP/AVP 0 8 101\r\n"), true)
}

// Both sides hold: our inactive, answered inactive, must not forget the peer's.
func TestHoldOfBothSides(t *testing.T) {
	s := leg("203.0.113.5:30000")
	answer(t, s, peerAnswer("m=audio 4000 RTP/AVP 0", "a=sendonly"), both)
	offer(t, s, both, relay.Inactive)
	for range 2 { // also when the answer comes twice
		if err := s.RemoteAnswer(parse(t, peerAnswer("m=audio 4000 RTP/AVP 0", "a=inactive"))); err != nil {
			t.Fatal(err)
		}
		want(t, "hold", negotiated(t, s).Hold, true)
	}
	answer(t, s, peerAnswer("m=audio 4000 RTP/AVP 0"), both)
	want(t, "hold", negotiated(t, s).Hold, false)
}

// A call through the border: A offers, B answers, and A gets what B took.
func TestTwoLegs(t *testing.T) {
	cases := []struct {
		name, offerA   string
		capsA, capsB   Caps
		media, answerB string // what B is offered, what it answers
		wantMediaA     string // what A is answered
		codec          relay.Codec
		eventA, eventB relay.PayloadType // EventOut of each leg
		ptimeA, ptimeB uint8
		failB          error
	}{
		{name: "trunk to trunk, te 96 to 101",
			offerA: peerAnswer("m=audio 4000 RTP/AVP 18 8 0 96", "a=rtpmap:96 telephone-event/8000", "a=ptime:20"),
			capsA:  both, capsB: both, media: "m=audio 30002 RTP/AVP 0 8 101\r\n",
			answerB:    peerAnswer("m=audio 5000 RTP/AVP 8 101", "a=rtpmap:101 telephone-event/8000", "a=ptime:20"),
			wantMediaA: "m=audio 30000 RTP/AVP 8 96\r\n", codec: relay.PCMA, eventA: 96, eventB: 101, ptimeA: 20, ptimeB: 20},
		{name: "A has PCMA only, B's profile both",
			offerA: peerAnswer("m=audio 4000 RTP/AVP 8"),
			capsA:  both, capsB: both, media: "m=audio 30002 RTP/AVP 8\r\n",
			answerB:    peerAnswer("m=audio 5000 RTP/AVP 8"),
			wantMediaA: "m=audio 30000 RTP/AVP 8\r\n", codec: relay.PCMA, eventA: relay.NoPayload, eventB: relay.NoPayload, ptimeA: 20, ptimeB: 20},
		{name: "B drops telephone-event, so A gets none",
			offerA: peerAnswer("m=audio 4000 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000"),
			capsA:  both, capsB: both, media: "m=audio 30002 RTP/AVP 0 101\r\n",
			answerB:    peerAnswer("m=audio 5000 RTP/AVP 0"),
			wantMediaA: "m=audio 30000 RTP/AVP 0\r\n", codec: relay.PCMU, eventA: relay.NoPayload, eventB: relay.NoPayload, ptimeA: 20, ptimeB: 20},
		{name: "B wants 40 ms, A is asked for it",
			offerA: peerAnswer("m=audio 4000 RTP/AVP 0", "a=ptime:20"),
			capsA:  both, capsB: both, media: "m=audio 30002 RTP/AVP 0\r\n",
			answerB:    peerAnswer("m=audio 5000 RTP/AVP 0", "a=ptime:40"),
			wantMediaA: "m=audio 30000 RTP/AVP 0\r\n", codec: relay.PCMU, eventA: relay.NoPayload, eventB: relay.NoPayload, ptimeA: 20, ptimeB: 40},
		{name: "nothing in common",
			offerA: peerAnswer("m=audio 4000 RTP/AVP 8"),
			capsA:  both, capsB: Caps{Codecs: g711[:1], Event: 101}, failB: ErrNoCommonCodec},
		{name: "A offers SRTP", offerA: peerAnswer("m=audio 4000 RTP/SAVP 0"), capsA: both, capsB: both, failB: ErrNoCommonCodec},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a, b := leg("203.0.113.5:30000"), leg("203.0.113.5:30002")
			d := parse(t, c.offerA)
			text, err := b.Offer(c.capsB.Restrict(d), d.audio.Direction)
			wantError(t, err, c.failB)
			if err != nil {
				return
			}
			want(t, "B is offered", strings.Contains(string(text), c.media), true)
			if err := b.RemoteAnswer(parse(t, c.answerB)); err != nil {
				t.Fatal(err)
			}
			nb := negotiated(t, b)
			text = []byte(answer(t, a, c.offerA, c.capsA.Follow(nb)))
			want(t, "A is answered", strings.Contains(string(text), c.wantMediaA), true)
			na := negotiated(t, a)
			want(t, "codecs", [2]relay.Codec{na.Codec, nb.Codec}, [2]relay.Codec{c.codec, c.codec})
			want(t, "events", [2]relay.PayloadType{na.EventOut, nb.EventOut}, [2]relay.PayloadType{c.eventA, c.eventB})
			want(t, "ptime", [2]uint8{na.Ptime, nb.Ptime}, [2]uint8{c.ptimeA, c.ptimeB})
			want(t, "A is asked for B's ptime", parse(t, string(text)).audio.Ptime, c.ptimeB)
		})
	}
	if got := both.Follow(Negotiated{Codec: 9}); len(got.Codecs) != 0 {
		t.Error("a codec that a profile lacks cannot be followed")
	}
	want(t, "caps of the profile stay", len(both.Codecs), 2)
}

// A hold passes through the border in the words of who asks for it: A's
// sendonly is offered to B as sendonly, B's recvonly answered to A as recvonly.
func TestHoldThroughTwoLegs(t *testing.T) {
	a, b := leg("203.0.113.5:30000"), leg("203.0.113.5:30002")
	d := parse(t, peerAnswer("m=audio 4000 RTP/AVP 0", "a=sendonly"))
	if err := a.RemoteOffer(d); err != nil {
		t.Fatal(err)
	}
	want(t, "B is offered", strings.Contains(offer(t, b, both.Restrict(d), d.audio.Direction), "a=sendonly\r\n"), true)
	back := parse(t, peerAnswer("m=audio 5000 RTP/AVP 0", "a=recvonly"))
	if err := b.RemoteAnswer(back); err != nil {
		t.Fatal(err)
	}
	text, err := a.Answer(both.Follow(negotiated(t, b)), back.audio.Direction)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "A is answered", strings.Contains(string(text), "a=recvonly\r\n"), true)
	want(t, "A holds", negotiated(t, a).Hold, true)
	want(t, "B does not", negotiated(t, b).Hold, false)
	want(t, "toward B", negotiated(t, b).Direction, relay.SendOnly)
}

func TestSpec(t *testing.T) {
	n := Negotiated{
		Remote: netip.MustParseAddrPort("198.51.100.9:4000"), RemoteRTCP: netip.MustParseAddrPort("198.51.100.9:4001"),
		Codec: relay.PCMA, AudioIn: 8, AudioOut: 97, EventIn: 101, EventOut: 96, Ptime: 30, Direction: relay.RecvOnly, Hold: true,
	}
	prefixes := []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}
	got := n.Spec(prefixes, relay.LearnPrefix, 0xb8)
	exp := relay.Spec{
		Remote: n.Remote, RemoteRTCP: n.RemoteRTCP, Prefixes: prefixes, Learning: relay.LearnPrefix, Direction: relay.RecvOnly,
		AudioIn: 8, AudioOut: 97, EventIn: 101, EventOut: 96, Codec: relay.PCMA, Ptime: 30, TOS: 0xb8,
	}
	if !reflect.DeepEqual(got, exp) {
		t.Fatalf("got %+v", got)
	}
}

// A restart carries every state of a leg.
func TestSnapshot(t *testing.T) {
	idle := leg("203.0.113.5:30000")
	local := leg("203.0.113.5:30000")
	offer(t, local, both, relay.SendRecv)
	remote := leg("[2001:db8::5]:30000")
	if err := remote.RemoteOffer(parse(t, "v=0\nc=IN IP6 2001:db8::9\nm=video 4002 RTP/AVP 31\nm=audio 4000 RTP/AVP 0\na=ptime:30\n")); err != nil {
		t.Fatal(err)
	}
	held := leg("203.0.113.5:30000")
	answer(t, held, peerAnswer("m=audio 4000 RTP/AVP 0"), both)
	answer(t, held, peerAnswer("m=audio 4000 RTP/AVP 0", "c=IN IP4 0.0.0.0"), both)
	for name, s := range map[string]*Session{"idle": idle, "local offer": local, "remote offer": remote, "held, unsettled": held} {
		t.Run(name, func(t *testing.T) {
			text, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			var fromJSON, fromGob Session
			if err := json.Unmarshal(text, &fromJSON); err != nil {
				t.Fatal(err)
			}
			var buf bytes.Buffer
			if err := gob.NewEncoder(&buf).Encode(s); err != nil {
				t.Fatal(err)
			}
			if err := gob.NewDecoder(&buf).Decode(&fromGob); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(fromJSON, *s) {
				t.Errorf("json: %+v\nwant %+v", fromJSON, *s)
			}
			if !reflect.DeepEqual(fromGob, *s) {
				t.Errorf("gob: %+v\nwant %+v", fromGob, *s)
			}
		})
	}
}
