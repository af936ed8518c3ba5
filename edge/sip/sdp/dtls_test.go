package sdp

import (
	"bytes"
	"encoding/gob"
	"reflect"
	"strings"
	"testing"

	"sekisho/media/relay"
	"sekisho/media/srtp"
)

// dtlsLeg is secureLeg with a certificate.
func dtlsLeg(mode Security) *Session {
	s := secureLeg("192.0.2.9:30000", mode, srtp.AES128GCM, srtp.AES128CM80)
	s.Secure.Certificate = srtp.Fingerprint{0xce, 0x27}
	return s
}

// finger is an a=fingerprint line of a peer's certificate that differs with n.
func finger(n byte) string { return "a=fingerprint:sha-256 " + srtp.Fingerprint{n, 0xfe}.String() }

const (
	tlsLine    = "m=audio 4000 UDP/TLS/RTP/SAVP 0"
	avpLine    = "m=audio 4000 RTP/AVP 0"
	savpLine   = "m=audio 4000 RTP/SAVP 0"
	sha1Finger = "a=fingerprint:SHA-1 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB" // RFC 8122 §5's form
)

// dtlsLines are what a description of ours says of DTLS, without the values.
func dtlsLines(text string) string {
	var words []string
	for _, l := range strings.Split(text, "\r\n") {
		switch {
		case strings.HasPrefix(l, "m="):
			words = append(words, strings.Fields(l)[2])
		case strings.HasPrefix(l, "a=setup:"), l == "a=rtcp-mux":
			words = append(words, l[2:])
		case strings.HasPrefix(l, "a=fingerprint:sha-256 CE:27:00:"), strings.HasPrefix(l, "a=tls-id:"), strings.HasPrefix(l, "a=crypto:"):
			name, _, _ := strings.Cut(l[2:], ":")
			words = append(words, name)
		}
	}
	return strings.Join(words, " ")
}

// What we offer: actpass (RFC 5763 §5), in a profile of its own where SRTP has to
// be, and beside keys in SDP where RFC 8643 leaves the choice to the peer.
func TestOfferOfDTLS(t *testing.T) {
	for _, c := range []struct {
		mode    Security
		keyless bool
		want    string
	}{
		{SecurityOff, false, "RTP/AVP"},
		{SecurityOptional, false, "RTP/AVP crypto crypto setup:actpass fingerprint tls-id rtcp-mux"},
		{SecurityOptional, true, "RTP/AVP setup:actpass fingerprint tls-id rtcp-mux"},
		{SecurityRequired, false, "UDP/TLS/RTP/SAVP setup:actpass fingerprint tls-id rtcp-mux"},
	} {
		s := dtlsLeg(c.mode)
		s.Secure.Keyless = c.keyless
		want(t, "offer", dtlsLines(offer(t, s, both, relay.SendRecv)), c.want)
	}
}

// What we answer: as server where the peer lets us, since a phone may be behind a
// NAT. Where the peer says too little there is no call, and no way back to RTP.
func TestAnswerToDTLS(t *testing.T) {
	id := "a=tls-id:abc3de65cddef001be82"
	key := gcmLine + inlineKey(srtp.AES128GCM, 7)
	for _, c := range []struct {
		name    string
		mode    Security
		keyless bool
		offer   []string
		role    srtp.Role
		answer  string
		err     error
	}{
		{"actpass", SecurityRequired, false, []string{tlsLine, "a=setup:actpass", finger(1), id, "a=rtcp-mux"}, srtp.Server, "UDP/TLS/RTP/SAVP setup:passive fingerprint tls-id rtcp-mux", nil},
		{"active", SecurityRequired, false, []string{tlsLine, "a=setup:active", finger(1)}, srtp.Server, "UDP/TLS/RTP/SAVP setup:passive fingerprint", nil},
		{"passive", SecurityOptional, false, []string{tlsLine, "a=setup:passive", finger(1)}, srtp.Client, "UDP/TLS/RTP/SAVP setup:active fingerprint", nil},
		{"nothing said of it", SecurityOptional, false, []string{tlsLine, finger(1)}, srtp.Server, "UDP/TLS/RTP/SAVP setup:passive fingerprint", nil},
		{"SAVPF", SecurityOptional, false, []string{"m=audio 4000 UDP/TLS/RTP/SAVPF 0", "a=setup:actpass", finger(1)}, srtp.Server, "UDP/TLS/RTP/SAVPF setup:passive fingerprint", nil},
		{"RFC 8643, both", SecurityOptional, false, []string{avpLine, "a=setup:actpass", finger(1), key}, srtp.Server, "RTP/AVP setup:passive fingerprint", nil},
		{"RFC 8643, keys alone", SecurityOptional, false, []string{avpLine, key}, srtp.NoRole, "RTP/AVP crypto", nil},
		{"keys in SDP", SecurityRequired, false, []string{savpLine, key}, srtp.NoRole, "RTP/SAVP crypto", nil},
		{"keys in SDP that may not be", SecurityRequired, true, []string{savpLine, key}, 0, "", ErrSecurity},
		{"keys in SDP that may not be, optional", SecurityOptional, true, []string{avpLine, key}, srtp.NoRole, "RTP/AVP", nil},
		{"neither", SecurityRequired, false, []string{avpLine}, 0, "", ErrSecurity},
		{"neither, SAVP", SecurityRequired, false, []string{savpLine}, 0, "", ErrSecurity},
		{"no fingerprint", SecurityRequired, false, []string{tlsLine, "a=setup:actpass"}, 0, "", ErrSecurity},
		{"no fingerprint, keys instead", SecurityOptional, false, []string{tlsLine, key}, 0, "", ErrSecurity},
		{"SHA-1", SecurityOptional, false, []string{tlsLine, "a=setup:actpass", sha1Finger}, 0, "", ErrSecurity},
		{"a short fingerprint", SecurityOptional, false, []string{tlsLine, "a=setup:actpass", finger(1)[:90]}, 0, "", ErrSecurity},
		{"holdconn", SecurityOptional, false, []string{tlsLine, "a=setup:holdconn", finger(1)}, 0, "", ErrSecurity},
		{"off", SecurityOff, false, []string{tlsLine, "a=setup:actpass", finger(1)}, 0, "", ErrTransport},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := dtlsLeg(c.mode)
			s.Secure.Keyless = c.keyless
			err := s.RemoteOffer(secureParse(t, s, peerAnswer(c.offer[0], c.offer[1:]...)))
			wantError(t, err, c.err)
			if err != nil {
				if _, _, ok := Warning(err); !ok {
					t.Error("no Warning says why")
				}
				return
			}
			b, err := s.Answer(both, relay.SendRecv)
			wantError(t, err, nil)
			want(t, "answer", dtlsLines(string(b)), c.answer)
			n := negotiated(t, s)
			want(t, "role", n.Handshake.Role, c.role)
			want(t, "mux", n.Mux, strings.HasSuffix(c.answer, "mux"))
			if c.role != srtp.NoRole && (n.Handshake.Peer != srtp.Fingerprint{1, 0xfe} || n.Keys != srtp.Keys{}) {
				t.Errorf("%+v", n)
			}
			again, err := s.Answer(both, relay.SendRecv) // the 200 behind a 18x
			wantError(t, err, nil)
			want(t, "the same answer", string(again), string(b))
			want(t, "the same association", negotiated(t, s).Handshake, n.Handshake)
		})
	}
}

// A leg without a certificate takes what is offered as it did before.
func TestDTLSIsOff(t *testing.T) {
	s := secureLeg("192.0.2.9:30000", SecurityOptional)
	wantError(t, s.RemoteOffer(secureParse(t, s, peerAnswer(tlsLine, "a=setup:actpass", finger(1)))), ErrTransport)
	got := answer(t, s, peerAnswer(avpLine, "a=setup:actpass", finger(1)), both)
	want(t, "answer", dtlsLines(got), "RTP/AVP")
}

// The fingerprint of the session stands in for that of the stream, where the
// stream has none; a=tls-id and a=rtcp-mux are the stream's own.
func TestDTLSOfTheSession(t *testing.T) {
	text := func(own ...string) string {
		return crlf(append([]string{"v=0", "c=IN IP4 198.51.100.9", finger(1), "a=setup:active", "a=rtcp-mux", "a=tls-id:abc", tlsLine}, own...)...)
	}
	s := dtlsLeg(SecurityRequired)
	a, _ := secureParse(t, s, text()).Audio()
	want(t, "inherited", a.DTLS, DTLS{Fingerprint: srtp.Fingerprint{1, 0xfe}, Setup: Active})
	a, _ = secureParse(t, s, text(finger(2), "a=setup:passive", "a=rtcp-mux", "a=tls-id:def")).Audio()
	want(t, "its own", a.DTLS, DTLS{Fingerprint: srtp.Fingerprint{2, 0xfe}, Setup: Passive, ID: "def", Mux: true})
	if a, _ = secureParse(t, s, text(sha1Finger)).Audio(); a.DTLS.On() || !a.Fingered {
		t.Error("the session's fingerprint covers for one that we cannot do")
	}
}

// What an answer makes of our offer.
func TestAnsweredDTLS(t *testing.T) {
	key := gcmLine + inlineKey(srtp.AES128GCM, 7)
	for _, c := range []struct {
		name   string
		mode   Security
		answer []string
		role   srtp.Role
		err    error
	}{
		{"active", SecurityRequired, []string{tlsLine, "a=setup:active", finger(1)}, srtp.Server, nil},
		{"passive", SecurityRequired, []string{tlsLine, "a=setup:passive", finger(1)}, srtp.Client, nil},
		{"actpass", SecurityRequired, []string{tlsLine, "a=setup:actpass", finger(1)}, 0, ErrSecurity},
		{"no role", SecurityRequired, []string{tlsLine, finger(1)}, 0, ErrSecurity},
		{"no fingerprint", SecurityRequired, []string{tlsLine, "a=setup:active"}, 0, ErrSecurity},
		{"keys instead", SecurityRequired, []string{savpLine, key}, 0, ErrSecurity},
		{"RTP instead", SecurityRequired, []string{avpLine}, 0, ErrSecurity},
		{"RFC 8643", SecurityOptional, []string{avpLine, "a=setup:active", finger(1)}, srtp.Server, nil},
		{"RFC 8643, keys", SecurityOptional, []string{avpLine, key}, srtp.NoRole, nil},
		{"RFC 8643, plain", SecurityOptional, []string{avpLine}, srtp.NoRole, nil},
		{"RFC 8643, SHA-1", SecurityOptional, []string{avpLine, "a=setup:active", sha1Finger}, 0, ErrSecurity},
		{"SAVP without keys", SecurityOptional, []string{savpLine}, 0, ErrSecurity},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := dtlsLeg(c.mode)
			offer(t, s, both, relay.SendRecv)
			err := s.RemoteAnswer(secureParse(t, s, peerAnswer(c.answer[0], c.answer[1:]...)))
			wantError(t, err, c.err)
			if err == nil {
				want(t, "role", negotiated(t, s).Handshake.Role, c.role)
			}
		})
	}
}

// A re-INVITE: the same association where the peer says the same, another one for
// another certificate, another tls-id or the other role (RFC 8842 §4), and never
// again keys in SDP, let alone none.
func TestReofferWithDTLS(t *testing.T) {
	s := dtlsLeg(SecurityOptional)
	again := func(lines ...string) error {
		if err := s.RemoteOffer(secureParse(t, s, peerAnswer(avpLine, lines...))); err != nil {
			return err
		}
		_, err := s.Answer(both, relay.SendRecv)
		return err
	}
	id := "a=tls-id:abc3de65cddef001be82"
	wantError(t, again("a=setup:active", finger(1), id), nil)
	s.Settle()
	begun := negotiated(t, s)
	want(t, "the first", begun.Handshake, srtp.Handshake{Role: srtp.Server, Peer: srtp.Fingerprint{1, 0xfe}, Number: 1})
	sent := string(s.Current.Sent)
	wantError(t, again("a=setup:actpass", finger(1), id), nil)
	want(t, "the same again", negotiated(t, s).Handshake, begun.Handshake)
	want(t, "the same text", string(s.Current.Sent), sent)
	wantError(t, again(), ErrSecurity)
	wantError(t, again(gcmLine+inlineKey(srtp.AES128GCM, 7)), ErrSecurity)
	want(t, "after a downgrade", negotiated(t, s).Handshake, begun.Handshake)
	wantError(t, again("a=setup:actpass", finger(2), id), nil)
	want(t, "another certificate", negotiated(t, s).Handshake, srtp.Handshake{Role: srtp.Server, Peer: srtp.Fingerprint{2, 0xfe}, Number: 2})
	s.Rollback()
	want(t, "taken back", negotiated(t, s).Handshake, begun.Handshake)
	wantError(t, again("a=setup:actpass", finger(1), "a=tls-id:def3de65cddef001be82"), nil)
	want(t, "another tls-id", negotiated(t, s).Handshake.Number, uint32(3))
	wantError(t, again("a=setup:passive", finger(1), "a=tls-id:def3de65cddef001be82"), nil)
	want(t, "the other role", negotiated(t, s).Handshake, srtp.Handshake{Role: srtp.Client, Peer: srtp.Fingerprint{1, 0xfe}, Number: 4})
	s.Settle()

	// Our own offers keep the association if the peer does.
	kept := negotiated(t, s).Handshake
	refresh, err := s.Repeat()
	wantError(t, err, nil)
	want(t, "refresh", string(refresh), string(s.Current.Sent))
	wantError(t, s.RemoteAnswer(secureParse(t, s, peerAnswer(avpLine, "a=setup:passive", finger(1), "a=tls-id:def3de65cddef001be82"))), nil)
	want(t, "refreshed", negotiated(t, s).Handshake, kept)
	s.Settle()
	want(t, "offer", dtlsLines(offer(t, s, both, relay.SendOnly)), "RTP/AVP setup:actpass fingerprint tls-id")
	wantError(t, s.RemoteAnswer(secureParse(t, s, peerAnswer(avpLine))), ErrSecurity)
	wantError(t, s.RemoteAnswer(secureParse(t, s, peerAnswer(avpLine, gcmLine+inlineKey(srtp.AES128GCM, 7)))), ErrSecurity)
	wantError(t, s.RemoteAnswer(secureParse(t, s, peerAnswer(avpLine, "a=setup:passive", finger(1), "a=tls-id:def3de65cddef001be82"))), nil)
	want(t, "held", negotiated(t, s).Handshake, kept)

	var buf bytes.Buffer
	if err := gob.NewEncoder(&buf).Encode(s); err != nil {
		t.Fatal(err)
	}
	var back Session
	if err := gob.NewDecoder(&buf).Decode(&back); err != nil || !reflect.DeepEqual(back, *s) {
		t.Errorf("%v: got %+v\nwant %+v", err, back, *s)
	}
}

// A session with keys in SDP stays with them, although its peer would do both.
func TestKeysStayInSDP(t *testing.T) {
	s := dtlsLeg(SecurityOptional)
	offer(t, s, both, relay.SendRecv)
	key := gcmLine + inlineKey(srtp.AES128GCM, 7)
	wantError(t, s.RemoteAnswer(secureParse(t, s, peerAnswer(avpLine, key))), nil)
	s.Settle()
	before := negotiated(t, s)
	wantError(t, s.RemoteOffer(secureParse(t, s, peerAnswer(avpLine, key, "a=setup:actpass", finger(1)))), nil)
	_, err := s.Answer(both, relay.SendRecv)
	wantError(t, err, nil)
	want(t, "as before", negotiated(t, s), before)
	wantError(t, s.RemoteOffer(secureParse(t, s, peerAnswer(tlsLine, "a=setup:actpass", finger(1)))), ErrTransport)
}
