package sdp

import (
	"strings"
	"testing"

	"sekisho/media/relay"
)

const theirFax = "v=0\no=- 1 2 IN IP4 192.0.2.9\ns=-\nc=IN IP4 192.0.2.9\nt=0 0\nm=image 4100 udptl t38\n" +
	"a=T38FaxVersion:0\na=t38maxbitrate: 14400\na=T38FaxFillBitRemoval\na=T38FaxVersion:9\na=T38VendorInfo:1 2 3\na=X-Host:pbx.example\n" +
	"a=T38FaxUdpEC:bad value\na=sendrecv\n"

// T.38 takes the place of the audio and gives it back: "The media type (audio,
// video, etc.) for a stream MAY be changed" (RFC 3264 §8.3.3). What goes to the
// other side is what T.38 annex D defines, and nothing else.
func TestFax(t *testing.T) {
	s := leg("192.0.2.1:20000")
	voice := Caps{Codecs: []relay.Codec{relay.PCMU, relay.PCMA}, Event: 101}
	answer(t, s, "v=0\nc=IN IP4 192.0.2.9\nm=audio 4000 RTP/AVP 0 8 101\na=rtpmap:101 telephone-event/8000", voice)
	s.Settle()
	before := negotiated(t, s)

	d := parse(t, theirFax)
	f, at, ok := d.Fax()
	want(t, "fax", ok, true)
	want(t, "its address", at.String(), "192.0.2.9:4100")
	want(t, "its lines", f.Lines, "a=T38FaxVersion:0\r\na=T38MaxBitRate:14400\r\na=T38FaxFillBitRemoval\r\n")
	if err := s.RemoteOffer(d); err != nil {
		t.Fatal(err)
	}
	_, err := s.Answer(voice, relay.SendRecv)
	wantError(t, err, ErrNoCommonCodec)
	b, err := s.Answer(Caps{Fax: Fax{On: true, Lines: "a=T38FaxVersion:3\r\n"}}, relay.SendRecv)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(b); !strings.HasSuffix(text, "m=image 20000 udptl t38\r\na=T38FaxVersion:3\r\n") || strings.Contains(text, "rtpmap") {
		t.Errorf("answered\n%s", text)
	}
	s.Settle()
	n := negotiated(t, s)
	want(t, "in force", n.Fax, f)
	want(t, "remote", n.Remote.String(), "192.0.2.9:4100")
	want(t, "spec", n.Spec(nil, 0, 0).Datagrams, true)
	want(t, "codec kept", n.Codec, before.Codec)

	// A refresh says the same again, under the same version.
	again, err := s.Repeat()
	if err != nil || string(again) != string(b) {
		t.Errorf("repeated %v\n%s", err, again)
	}
	s.Rollback()
	want(t, "after a refused refresh", negotiated(t, s), n)

	// We offer audio again, in the same place.
	text := offer(t, s, voice, relay.SendRecv)
	want(t, "lines", strings.Count(text, "m="), 1)
	want(t, "audio", strings.Contains(text, "m=audio 20000 RTP/AVP 0 8 101\r\n"), true)
	if err := s.RemoteAnswer(parse(t, "v=0\nc=IN IP4 192.0.2.9\nm=audio 4000 RTP/AVP 0")); err != nil {
		t.Fatal(err)
	}
	want(t, "no fax", negotiated(t, s).Fax, Fax{})
}

// A gateway that puts the fax beside the audio is answered for what has a port,
// and an offer of ours keeps its two lines.
func TestFaxBesideAudio(t *testing.T) {
	s := leg("192.0.2.1:20000")
	voice := Caps{Codecs: []relay.Codec{relay.PCMU}}
	const both = "v=0\nc=IN IP4 192.0.2.9\nm=audio %a RTP/AVP 0\nm=image %i udptl t38\na=T38FaxVersion:0"
	ports := func(a, i string) string { return strings.NewReplacer("%a", a, "%i", i).Replace(both) }
	text := answer(t, s, ports("4000", "4100"), voice)
	want(t, "audio wins", strings.Contains(text, "m=audio 20000") && strings.Contains(text, "m=image 0 udptl t38"), true)
	s.Settle()
	text = answer(t, s, ports("0", "4100"), Caps{Fax: Fax{On: true}})
	want(t, "fax alone", strings.Contains(text, "m=audio 0 RTP/AVP 0") && strings.Contains(text, "m=image 20000 udptl t38"), true)
	s.Settle()
	text = offer(t, s, voice, relay.SendRecv)
	want(t, "audio again", strings.Contains(text, "m=audio 20000 RTP/AVP 0") && strings.Contains(text, "m=image 0 udptl t38"), true)
	wantError(t, s.RemoteAnswer(parse(t, ports("0", "0"))), ErrNoAudio)
	if err := s.RemoteAnswer(parse(t, ports("4000", "0"))); err != nil {
		t.Fatal(err)
	}
	s.Settle()
	text = offer(t, s, Caps{Fax: Fax{On: true, Lines: "a=T38FaxVersion:0\r\n"}}, relay.SendRecv)
	want(t, "our fax", strings.Contains(text, "m=audio 0 RTP/AVP 0\r\nm=image 20000 udptl t38\r\na=T38FaxVersion:0\r\n"), true)
	if err := s.RemoteAnswer(parse(t, ports("0", "4100"))); err != nil {
		t.Fatal(err)
	}
	want(t, "agreed", negotiated(t, s).Fax.On, true)
	wantError(t, leg("192.0.2.1:20000").RemoteOffer(parse(t, "v=0\nc=IN IP4 192.0.2.9\nm=image 4000 tcptl t38")), ErrNoAudio)
}
