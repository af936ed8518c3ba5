package sdp

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// sets returns every file of testdata by name.
func sets(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/*.sdp")
	if err != nil || len(names) < 27 {
		t.Fatalf("testdata: %d files, %v", len(names), err)
	}
	all := make(map[string][]byte)
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(name)] = b
	}
	return all
}

func parse(t testing.TB, text string) *Description {
	t.Helper()
	d, err := Parse([]byte(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return d
}

// crlf joins lines as a peer would send them.
func crlf(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n" }

// What was read is written back byte for byte, and reads the same again.
func TestParseKeepsEveryLine(t *testing.T) {
	for name, b := range sets(t) {
		t.Run(name, func(t *testing.T) {
			d := parse(t, string(b))
			out := d.AppendTo(nil)
			if string(out) != string(b) {
				t.Fatalf("got\n%q\nwant\n%q", out, b)
			}
			again := parse(t, string(out))
			if !slices.Equal(again.Lines(), d.Lines()) || !slices.Equal(again.Media(), d.Media()) {
				t.Fatal("second reading differs")
			}
		})
	}
}

func TestParseIsLenient(t *testing.T) {
	cases := []struct {
		name, text, want string // want: AppendTo's lines joined by |
	}{
		{"bare LF", "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\n", "v=0|o=- 1 1 IN IP4 192.0.2.1|s=-"},
		{"mixed line ends", "v=0\r\ns=-\nt=0 0\r\r\n", "v=0|s=-|t=0 0"},
		{"no final line end", "v=0\r\ns=-", "v=0|s=-"},
		{"empty lines between and before", "\r\n\r\nv=0\r\n\r\ns=-\r\n\r\n", "v=0|s=-"},
		{"missing o= s= t=", "v=0\r\nm=audio 4000 RTP/AVP 0\r\n", "v=0|m=audio 4000 RTP/AVP 0"},
		{"origin user with spaces", "v=0\r\no=Big PBX v2 1 1 IN IP4 192.0.2.1\r\n", "v=0|o=Big PBX v2 1 1 IN IP4 192.0.2.1"},
		{"s= of one space", "v=0\r\ns= \r\n", "v=0|s= "},
		{"unknown type letter", "v=0\r\nx=what\r\ny=0100\r\n", "v=0|x=what|y=0100"},
		{"no type letter", "v=0\r\nwhat is this\r\n=\r\n", "v=0|what is this|="},
		{"c= after a=", "v=0\r\na=sendrecv\r\nc=IN IP4 192.0.2.1\r\n", "v=0|a=sendrecv|c=IN IP4 192.0.2.1"},
		{"image", "v=0\r\nm=image 4000 udptl t38\r\n", "v=0|m=image 4000 udptl t38"},
		{"bytes above ASCII", "v=0\r\ns=\xe9\xff\r\n", "v=0|s=\xe9\xff"},
		{"m= with wide white space", "v=0\r\nm=audio  4000\tRTP/AVP   0  8 \r\n", "v=0|m=audio  4000\tRTP/AVP   0  8 "},
		{"m= without formats", "v=0\r\nm=audio 0 RTP/AVP\r\n", "v=0|m=audio 0 RTP/AVP"},
		{"port with count", "v=0\r\nm=audio 4000/2 RTP/AVP 0\r\n", "v=0|m=audio 4000/2 RTP/AVP 0"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := string(parse(t, c.text).AppendTo(nil))
			if want := strings.ReplaceAll(c.want, "|", "\r\n") + "\r\n"; got != want {
				t.Fatalf("got %q, want %q", got, want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	cases := []struct {
		name, text string
		line       int
		what       string
	}{
		{"empty", "", 1, "empty"},
		{"white space only", "\r\n \r\n", 1, "empty"},
		{"no version", "o=- 1 1 IN IP4 192.0.2.1\r\n", 1, "not v=0"},
		{"another version", "\r\nv=1\r\n", 2, "not v=0"},
		{"not SDP", "<xml/>", 1, "not v=0"},
		{"port beyond 65535", "v=0\r\nm=audio 65536 RTP/AVP 0\r\n", 2, "port"},
		{"port below 0", "v=0\r\nm=audio -1 RTP/AVP 0\r\n", 2, "port"},
		{"port in hex", "v=0\r\nm=audio 0x10 RTP/AVP 0\r\n", 2, "port"},
		{"port missing", "v=0\r\ns=-\r\nm=audio\r\n", 3, "port"},
		{"protocol missing", "v=0\r\nm=audio 4000\r\n", 2, "protocol"},
		{"media type missing", "v=0\r\nm=\r\n", 2, "media type"},
		{"media type unprintable", "v=0\r\nm=au\x00dio 4000 RTP/AVP 0\r\n", 2, "media type"},
		{"media type endless", "v=0\r\nm=" + strings.Repeat("a", 33) + " 4000 RTP/AVP 0\r\n", 2, "media type"},
		{"33 m= lines", "v=0\r\n" + strings.Repeat("m=audio 0 RTP/AVP 0\r\n", 33), 34, "more than 32"},
		{"65 formats", "v=0\r\nm=audio 4000 RTP/AVP" + strings.Repeat(" 0", 65) + "\r\n", 2, "more than 64"},
		{"513 lines", "v=0\r\n" + strings.Repeat("a=x\r\n", 512), 513, "more than 512"},
		{"32 KiB and one", "v=0\r\ns=" + strings.Repeat("x", 32<<10-6), 1, "longer than"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse([]byte(c.text))
			var fault *ParseError
			if !errors.As(err, &fault) {
				t.Fatalf("got %v, want a ParseError", err)
			}
			if fault.Line != c.line || !strings.Contains(fault.What, c.what) {
				t.Fatalf("got %v, want line %d: %s", err, c.line, c.what)
			}
		})
	}
}

// The bounds are reached, not crossed, by these.
func TestParseAtTheBounds(t *testing.T) {
	for name, text := range map[string]string{
		"32 m= lines": "v=0\r\n" + strings.Repeat("m=audio 0 RTP/AVP 0\r\n", 32),
		"64 formats":  "v=0\r\nm=audio 4000 RTP/AVP" + strings.Repeat(" 0", 64) + "\r\n",
		"512 lines":   "v=0\r\n" + strings.Repeat("a=x\r\n", 511),
		"32 KiB":      "v=0\r\ns=" + strings.Repeat("x", 32<<10-7),
	} {
		if _, err := Parse([]byte(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Input never panics: each file cut at every byte, and with every byte
// replaced by each of a few that matter to the grammar, goes through all that
// reads a description.
func TestInputNeverPanics(t *testing.T) {
	use := func(b []byte) {
		d, err := Parse(b)
		if err != nil {
			return
		}
		caps := Caps{Codecs: g711, Event: 101}
		caps.Restrict(d)
		s := leg("192.0.2.9:30000")
		if s.RemoteOffer(d) == nil {
			_, _ = s.Answer(caps, 0)
		}
		s = leg("192.0.2.9:30000")
		if _, err := s.Offer(caps, 0); err != nil {
			t.Fatal(err)
		}
		_ = s.RemoteAnswer(d)
	}
	for _, b := range sets(t) {
		for i := range b {
			use(b[:i])
			old := b[i]
			for _, c := range []byte("\n =:/0m\x00\xff") {
				b[i] = c
				use(b)
			}
			b[i] = old
		}
	}
}
