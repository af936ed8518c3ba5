package load

import (
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	const text = "SIP/2.0 183 Session Progress\r\nv: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nVIA : SIP/2.0/UDP 192.0.2.2\r\n" +
		"From: <sip:a@b.example>;tag=1\r\nt: <sip:c@d.example>;tag=2\r\ni: x@y\r\nCSeq: 7  INVITE\r\nContact: \"me\" <sip:me@192.0.2.3:5070>;x\r\n" +
		"Content-Length: 4\r\n\r\nv=0\n"
	m, err := read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if m.status != 183 || m.method != "INVITE" || m.cseq != 7 || string(m.callID) != "x@y" || len(m.via) != 2 ||
		string(m.contact) != "sip:me@192.0.2.3:5070" || string(m.to) != "<sip:c@d.example>;tag=2" || string(m.body) != "v=0\n" {
		t.Errorf("%+v", m)
	}
	for _, wrong := range []struct{ what, old, new string }{
		{"no end", "\r\n\r\n", "\r\n"}, {"status", " 183 ", " 99 "}, {"no Call-ID", "i: x@y\r\n", ""},
		{"CSeq", "7  INVITE", "seven INVITE"}, {"request of another method", "SIP/2.0 183 Session Progress", "BYE sip:a@b SIP/2.0"},
	} {
		if m, err := read([]byte(strings.Replace(text, wrong.old, wrong.new, 1))); err == nil {
			t.Errorf("%s: read as %+v", wrong.what, m)
		}
	}
}

func TestUser(t *testing.T) {
	for uri, want := range map[string]string{
		"sip:0300001234@t1.example": "0300001234", "sip:0300001234;x=y@h": "0300001234", "sip:t1.example": "", "tel:+81300001234": "", "": "",
	} {
		if got := string(user([]byte(uri))); got != want {
			t.Errorf("%q: %q, want %q", uri, got, want)
		}
	}
}

func TestAudio(t *testing.T) {
	const sdp = "v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\nc=IN IP4 192.0.2.9\r\nm=video 0 RTP/AVP 96\r\nc=IN IP4 192.0.2.7\r\n"
	if at, err := audio([]byte(sdp)); err != nil || at.String() != "192.0.2.9:4000" {
		t.Errorf("%v, %v", at, err)
	}
	for _, wrong := range []string{"", "c=IN IP4\r\nm=audio 1 x", "c=IN IP4 x\r\nm=audio 1", "m=audio 4000 RTP/AVP 0", "c=IN IP4 192.0.2.1\r\nm=audio 0 RTP/AVP 0"} {
		if at, err := audio([]byte(wrong)); err == nil {
			t.Errorf("%q: %v", wrong, at)
		}
	}
}
