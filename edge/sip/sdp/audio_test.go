package sdp

import (
	"fmt"
	"strings"
	"testing"

	"sekisho/media/relay"
)

var g711 = []relay.Codec{relay.PCMU, relay.PCMA}

// summary writes an Audio on one line: index, RTP, RTCP, direction, formats
// that we speak, ptime/maxptime.
func summary(d *Description) string {
	a, ok := d.Audio()
	if !ok {
		return "none"
	}
	var formats []string
	for _, f := range a.Formats {
		if _, ours := f.relay(); ours || f.event() {
			formats = append(formats, fmt.Sprintf("%d=%s", f.PT, strings.ToLower(f.Name)))
		}
	}
	rtp, rtcp := "-", "-"
	if a.RTP.IsValid() {
		rtp = a.RTP.String()
	}
	if a.RTCP.IsValid() {
		rtcp = a.RTCP.String()
	}
	return fmt.Sprintf("%d %s %s %s %s [%s] %d/%d", a.Index, a.Proto, rtp, rtcp, directionName(a.Direction),
		strings.Join(formats, " "), a.Ptime, a.MaxPtime)
}

func TestAudioOfSets(t *testing.T) {
	want := map[string]string{
		"rfc4317-2.1.offer.sdp":        "0 RTP/AVP - - sendrecv [0=pcmu 8=pcma] 0/0",
		"rfc4317-2.1.answer.sdp":       "0 RTP/AVP - - sendrecv [0=pcmu] 0/0",
		"rfc4317-2.2.offer.sdp":        "0 RTP/AVP - - sendrecv [0=pcmu 8=pcma] 0/0",
		"rfc4317-2.2.answer.sdp":       "0 RTP/AVP - - sendrecv [0=pcmu 8=pcma] 0/0",
		"rfc4317-2.2.offer2.sdp":       "0 RTP/AVP - - sendrecv [0=pcmu] 0/0",
		"rfc4317-2.2.answer2.sdp":      "0 RTP/AVP - - sendrecv [0=pcmu] 0/0",
		"rfc4317-2.4.offer.sdp":        "0 RTP/AVP - - sendrecv [0=pcmu] 0/0",
		"rfc4317-2.4.answer.sdp":       "0 RTP/AVP - - sendrecv [] 0/0",
		"rfc4317-2.6.offer.sdp":        "0 RTP/AVP - - sendrecv [0=pcmu] 0/0",
		"rfc4317-2.6.answer.sdp":       "1 RTP/AVP - - sendrecv [101=telephone-event] 0/0",
		"rfc4317-2.8.offer.sdp":        "0 RTP/AVP - - sendrecv [0=pcmu 8=pcma] 0/0",
		"rfc4317-2.8.answer.sdp":       "0 RTP/AVP - - sendrecv [0=pcmu] 0/0",
		"rfc4317-3.1.offer.sdp":        "0 RTP/AVP - - sendrecv [0=pcmu] 0/0",
		"rfc4317-3.1.answer.sdp":       "0 RTP/AVP - - sendonly [] 0/0",
		"rfc4317-3.1.offer2.sdp":       "0 RTP/AVP - - sendrecv [] 0/0",
		"rfc4317-3.1.answer2.sdp":      "0 RTP/AVP - - sendrecv [] 0/0",
		"rfc4317-4.1.offer.sdp":        "0 RTP/AVP - - sendrecv [0=pcmu] 0/0",
		"rfc4317-4.1.answer.sdp":       "0 RTP/AVP - - sendrecv [] 0/0",
		"rfc4317-4.1.offer2.sdp":       "0 RTP/AVP - - sendrecv [] 0/0",
		"rfc4317-4.1.answer2.sdp":      "0 RTP/AVP - - sendrecv [] 0/0",
		"rfc4568-sdes.offer.sdp":       "0 RTP/SAVP 168.2.17.12:49170 168.2.17.12:49171 sendrecv [0=pcmu] 0/0",
		"rfc4568-sdes.answer.sdp":      "0 RTP/SAVP 168.2.17.11:32640 168.2.17.11:32641 sendrecv [0=pcmu] 0/0",
		"rfc5763-dtls-srtp.offer.sdp":  "0 RTP/AVP - - sendrecv [0=pcmu] 0/0",
		"rfc5763-dtls-srtp.answer.sdp": "0 UDP/TLS/RTP/SAVP - - sendrecv [0=pcmu] 0/0",
		"rfc8866-5.offer.sdp":          "0 RTP/AVP 198.51.100.1:49170 198.51.100.1:49171 sendrecv [0=pcmu] 0/0",
		"rtcp-attr-and-mux.offer.sdp":  "0 RTP/AVP 192.0.2.10:20000 126.16.64.4:53020 sendrecv [8=pcma] 0/0",
		"t38-reinvite.offer.sdp":       "none",
		"trunk-g711-dtmf.offer.sdp":    "0 RTP/AVP 192.0.2.10:20000 192.0.2.10:20001 sendrecv [8=pcma 0=pcmu 101=telephone-event] 20/0",
		"trunk-g711-dtmf.answer.sdp":   "0 RTP/AVP 198.51.100.10:30000 198.51.100.10:30001 sendrecv [8=pcma 101=telephone-event] 20/0",
	}
	for name, b := range sets(t) {
		t.Run(name, func(t *testing.T) {
			if got := summary(parse(t, string(b))); got != want[name] {
				t.Fatalf("got  %s\nwant %s", got, want[name])
			}
		})
	}
}

// Spellings that trunks and NGN lines send. Each row is added to v=0.
func TestAudioSpellings(t *testing.T) {
	const c = "c=IN IP4 192.0.2.1\n"
	const ok = "0 RTP/AVP 192.0.2.1:4000 192.0.2.1:4001 "
	cases := []struct{ name, text, want string }{
		{"static types need no rtpmap", c + "m=audio 4000 RTP/AVP 8 0", ok + "sendrecv [8=pcma 0=pcmu] 0/0"},
		{"NGN answer PCMU/8000/1", c + "m=audio 4000 RTP/AVP 0 101\na=rtpmap:0 PCMU/8000/1\na=rtpmap:101 telephone-event/8000\na=fmtp:101 0-15", ok + "sendrecv [0=pcmu 101=telephone-event] 0/0"},
		{"stereo PCMU is not ours", c + "m=audio 4000 RTP/AVP 0\na=rtpmap:0 PCMU/8000/2", ok + "sendrecv [] 0/0"},
		{"PCMU at 16 kHz is not ours", c + "m=audio 4000 RTP/AVP 97\na=rtpmap:97 PCMU/16000", ok + "sendrecv [] 0/0"},
		{"PCMU under a dynamic type", c + "m=audio 4000 RTP/AVP 97\na=rtpmap:97 PCMU/8000", ok + "sendrecv [97=pcmu] 0/0"},
		{"rtpmap gives 0 another meaning", c + "m=audio 4000 RTP/AVP 0\na=rtpmap:0 GSM/8000", ok + "sendrecv [] 0/0"},
		{"names in any case, rate left out", c + "m=audio 4000 RTP/AVP 8 96\na=RTPMAP:8 pcma\na=rtpmap:96 Telephone-Event/8000", ok + "sendrecv [8=pcma 96=telephone-event] 0/0"},
		{"spaces around values", c + "m=audio 4000 RTP/AVP 0\na=rtpmap: 0  PCMU/8000 \na=ptime: 20 \na= sendonly ", ok + "sendonly [0=pcmu] 20/0"},
		{"two telephone-events, 16 kHz first", c + "m=audio 4000 RTP/AVP 0 98 99\na=rtpmap:98 telephone-event/16000\na=rtpmap:99 telephone-event/8000", ok + "sendrecv [0=pcmu 99=telephone-event] 0/0"},
		{"AMR and EVS beside PCMU", c + "m=audio 4000 RTP/AVP 107 108 0\na=rtpmap:107 AMR-WB/16000/1\na=fmtp:107 mode-set=2; octet-align=1\na=rtpmap:108 EVS/16000\na=fmtp:108 br=5.9-24.4;bw=nb-swb", ok + "sendrecv [0=pcmu] 0/0"},
		{"dynamic type without rtpmap", c + "m=audio 4000 RTP/AVP 97", ok + "sendrecv [] 0/0"},
		{"formats that are no numbers are passed over", c + "m=audio 4000 RTP/AVP x 128 -1 0", ok + "sendrecv [0=pcmu] 0/0"},
		{"ptime before m=", c + "a=ptime:20\nm=audio 4000 RTP/AVP 0", ok + "sendrecv [0=pcmu] 20/0"},
		{"rtpmap before m=", c + "a=rtpmap:101 telephone-event/8000\nm=audio 4000 RTP/AVP 0 101", ok + "sendrecv [0=pcmu 101=telephone-event] 0/0"},
		{"direction of the session", c + "a=recvonly\nm=audio 4000 RTP/AVP 0", ok + "recvonly [0=pcmu] 0/0"},
		{"direction of the stream wins", c + "a=inactive\nm=audio 4000 RTP/AVP 0\na=sendrecv", ok + "sendrecv [0=pcmu] 0/0"},
		{"first of two directions", c + "m=audio 4000 RTP/AVP 0\na=sendonly\na=sendrecv", ok + "sendonly [0=pcmu] 0/0"},
		{"ptime with a fraction", c + "m=audio 4000 RTP/AVP 0\na=ptime:20.0", ok + "sendrecv [0=pcmu] 20/0"},
		{"ptime overflow", c + "m=audio 4000 RTP/AVP 0\na=ptime:4294967316", ok + "sendrecv [0=pcmu] 0/0"},
		{"ptime negative, maxptime out of range", c + "m=audio 4000 RTP/AVP 0\na=ptime:-20\na=maxptime:240", ok + "sendrecv [0=pcmu] 0/0"},
		{"maxptime", c + "m=audio 4000 RTP/AVP 0\na=maxptime:40", ok + "sendrecv [0=pcmu] 0/40"},
		{"c= of the stream", c + "m=audio 4000 RTP/AVP 0\nc=IN IP4 198.51.100.7", "0 RTP/AVP 198.51.100.7:4000 198.51.100.7:4001 sendrecv [0=pcmu] 0/0"},
		{"c= only in the stream, after a=", "m=audio 4000 RTP/AVP 0\na=ptime:20\nc=IN IP4 192.0.2.1", ok + "sendrecv [0=pcmu] 20/0"},
		{"c= of another stream does not count", "m=audio 4000 RTP/AVP 0\nm=video 4002 RTP/AVP 31\nc=IN IP4 192.0.2.1", "0 RTP/AVP - - sendrecv [0=pcmu] 0/0"},
		{"first of two c=", c + "m=audio 4000 RTP/AVP 0\nc=IN IP4 198.51.100.7\nc=IN IP4 198.51.100.8", "0 RTP/AVP 198.51.100.7:4000 198.51.100.7:4001 sendrecv [0=pcmu] 0/0"},
		{"c= with a TTL", "c=IN IP4 192.0.2.1/127\nm=audio 4000 RTP/AVP 0", ok + "sendrecv [0=pcmu] 0/0"},
		{"IPv6", "c=IN IP6 2001:db8::20\nm=audio 6000 RTP/AVP 0", "0 RTP/AVP [2001:db8::20]:6000 [2001:db8::20]:6001 sendrecv [0=pcmu] 0/0"},
		{"IPv4-mapped is IPv4", "c=IN IP6 ::ffff:192.0.2.1\nm=audio 4000 RTP/AVP 0", ok + "sendrecv [0=pcmu] 0/0"},
		{"a zone is no address", "c=IN IP6 fe80::1%eth0\nm=audio 4000 RTP/AVP 0", "0 RTP/AVP - - sendrecv [0=pcmu] 0/0"},
		{"RFC 5118 §4.4: two families", "m=audio 22334 RTP/AVP 0\nc=IN IP4 192.0.2.1\nm=video 6024 RTP/AVP 107\nc=IN IP6 2001:db8::1", "0 RTP/AVP 192.0.2.1:22334 192.0.2.1:22335 sendrecv [0=pcmu] 0/0"},
		{"a host name is no address", "c=IN IP4 host.example\nm=audio 4000 RTP/AVP 0", "0 RTP/AVP - - sendrecv [0=pcmu] 0/0"},
		{"an unreadable c= of the stream is not replaced by the session's", c + "m=audio 4000 RTP/AVP 0\nc=IN IP4 host.example", "0 RTP/AVP - - sendrecv [0=pcmu] 0/0"},
		{"rtcp port", c + "m=audio 4000 RTP/AVP 0\na=rtcp:5000", "0 RTP/AVP 192.0.2.1:4000 192.0.2.1:5000 sendrecv [0=pcmu] 0/0"},
		{"rtcp of the session", c + "a=rtcp:5000\nm=audio 4000 RTP/AVP 0", "0 RTP/AVP 192.0.2.1:4000 192.0.2.1:4001 sendrecv [0=pcmu] 0/0"},
		{"rtpmap of both", c + "a=rtpmap:97 PCMA/8000\na=rtpmap:98 PCMA/8000\nm=audio 4000 RTP/AVP 97 98\na=rtpmap:97 PCMU/8000", "0 RTP/AVP 192.0.2.1:4000 192.0.2.1:4001 sendrecv [97=pcmu 98=pcma] 0/0"},
		{"rtcp unreadable", c + "m=audio 4000 RTP/AVP 0\na=rtcp:70000", "0 RTP/AVP 192.0.2.1:4000 - sendrecv [0=pcmu] 0/0"},
		{"no port after 65535", c + "m=audio 65535 RTP/AVP 0", "0 RTP/AVP 192.0.2.1:65535 - sendrecv [0=pcmu] 0/0"},
		{"video first", c + "m=video 4002 RTP/AVP 31\nm=audio 4000 RTP/AVP 0", "1 RTP/AVP 192.0.2.1:4000 192.0.2.1:4001 sendrecv [0=pcmu] 0/0"},
		{"audio with port 0 is passed over", c + "m=audio 0 RTP/AVP 0\nm=audio 4000 RTP/AVP 0", "1 RTP/AVP 192.0.2.1:4000 192.0.2.1:4001 sendrecv [0=pcmu] 0/0"},
		{"SRTP beside RTP", c + "m=audio 4002 RTP/SAVP 0\nm=audio 4000 RTP/AVP 0", "1 RTP/AVP 192.0.2.1:4000 192.0.2.1:4001 sendrecv [0=pcmu] 0/0"},
		{"AMR beside PCMU, a stream each", c + "m=audio 4002 RTP/AVP 107\na=rtpmap:107 AMR/8000\nm=audio 4000 RTP/AVP 0", "1 RTP/AVP 192.0.2.1:4000 192.0.2.1:4001 sendrecv [0=pcmu] 0/0"},
		{"only port 0", c + "m=audio 0 RTP/AVP 0", "none"},
		{"only video", c + "m=video 4002 RTP/AVP 31", "none"},
		{"no m= at all", c, "none"},
		{"preconditions and crypto are not ours", c + "m=audio 4000 RTP/AVP 0\na=curr:qos local none\na=des:qos mandatory local sendrecv\na=crypto:1 x", ok + "sendrecv [0=pcmu] 0/0"},
		{"bandwidth lines", c + "b=AS:41\nm=audio 4000 RTP/AVP 0\nb=RR:0\nb=RS:0", ok + "sendrecv [0=pcmu] 0/0"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := summary(parse(t, "v=0\n"+c.text)); got != c.want {
				t.Fatalf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// The forms of hold: RFC 3264 §8.4 ("sendonly", "inactive"), its old form with
// an address of zeroes, in both families and at both levels. What we answer is
// the other side of what the peer still does.
func TestHoldForms(t *testing.T) {
	dirs := []struct {
		line string
		dir  relay.Direction
	}{
		{"", relay.SendRecv},
		{"a=sendrecv\n", relay.SendRecv},
		{"a=sendonly\n", relay.SendOnly},
		{"a=recvonly\n", relay.RecvOnly},
		{"a=inactive\n", relay.Inactive},
	}
	addrs := []struct {
		line string
		zero bool
	}{
		{"c=IN IP4 192.0.2.1\n", false},
		{"c=IN IP4 0.0.0.0\n", true},
		{"c=IN IP6 ::\n", true},
	}
	for _, a := range addrs {
		for _, dir := range dirs {
			for _, text := range []string{
				"v=0\n" + a.line + dir.line + "m=audio 4000 RTP/AVP 0\n",
				"v=0\nm=audio 4000 RTP/AVP 0\n" + a.line + dir.line,
			} {
				want := dir.dir
				if a.zero { // neither RTP nor RTCP is sent to the peer
					want = Narrow(want, relay.SendOnly)
				}
				d := parse(t, text)
				got, _ := d.Audio()
				if got.Direction != want {
					t.Errorf("%q: got %s, want %s", text, directionName(got.Direction), directionName(want))
				}
				if hold := want == relay.SendOnly || want == relay.Inactive; d.Hold() != hold {
					t.Errorf("%q: hold %v", text, d.Hold())
				}
				s := leg("203.0.113.5:30000")
				answer(t, s, text, Caps{Codecs: g711})
				n, _ := s.Negotiated()
				if n.Direction != Reverse(want) || n.Hold != d.Hold() || n.Remote.IsValid() == a.zero || n.RemoteRTCP.IsValid() == a.zero {
					t.Errorf("%q: negotiated %+v", text, n)
				}
				if own := parse(t, string(s.Sent)); own.audio.Direction != Reverse(want) {
					t.Errorf("%q: answered\n%s", text, s.Sent)
				}
			}
		}
	}
}
