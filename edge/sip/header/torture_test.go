package header

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
)

// verdict is what becomes of a message: accepted, answered with a status, or
// dropped without an answer.
const (
	accepted = 0
	dropped  = -1
)

func verdict(err error) int {
	var f *Fault
	switch {
	case err == nil:
		return accepted
	case !errors.As(err, &f):
		return 1
	case f.Status == 0:
		return dropped
	}
	return f.Status
}

// tortureCases follow RFC 4475 and RFC 5118; what is asked of an application
// behind a sound parse (420, 481, 405…) is accepted here.
var tortureCases = []struct {
	file string
	want int
	why  string
}{
	{"rfc4475/wsinv.dat", accepted, "§3.1.1.1: folding, compact forms and LWS in every legal place"},
	{"rfc4475/intmeth.dat", accepted, "§3.1.1.2: every character a token and a user part may hold"},
	{"rfc4475/esc01.dat", accepted, "§3.1.1.3: escapes in URIs"},
	{"rfc4475/escnull.dat", accepted, "§3.1.1.4: %00 in a user part is legal"},
	{"rfc4475/esc02.dat", accepted, "§3.1.1.5: RE%47IST%45R is an unknown method"},
	{"rfc4475/lwsdisp.dat", accepted, "§3.1.1.6: no LWS between display name and <"},
	{"rfc4475/longreq.dat", accepted, "§3.1.1.7: long values, 34 Vias"},
	{"rfc4475/dblreq.dat", accepted, "§3.1.1.8: octets after the message are ignored"},
	{"rfc4475/semiuri.dat", accepted, "§3.1.1.9: semicolons in the user part"},
	{"rfc4475/transports.dat", accepted, "§3.1.1.10: unknown transports in Via"},
	{"rfc4475/mpart01.dat", accepted, "§3.1.1.11: a binary multipart body"},
	{"rfc4475/unreason.dat", accepted, "§3.1.1.12: a UTF-8 reason phrase"},
	{"rfc4475/noreason.dat", accepted, "§3.1.1.13: an empty reason phrase"},
	{"rfc4475/badinv01.dat", 400, "§3.1.2.1: extra separators in Via and Contact"},
	{"rfc4475/clerr.dat", 400, "§3.1.2.2: Content-Length larger than the datagram"},
	{"rfc4475/ncl.dat", 400, "§3.1.2.3: negative Content-Length"},
	{"rfc4475/scalar02.dat", 400, "§3.1.2.4: CSeq above 2^31"},
	{"rfc4475/scalarlg.dat", dropped, "§3.1.2.5: the same in a response"},
	{"rfc4475/quotbal.dat", 400, "§3.1.2.6: unterminated quote"},
	{"rfc4475/ltgtruri.dat", 400, "§3.1.2.7: <> around the Request-URI"},
	{"rfc4475/lwsruri.dat", 400, "§3.1.2.8: LWS in the Request-URI"},
	{"rfc4475/lwsstart.dat", 400, "§3.1.2.9: two spaces in the request line"},
	{"rfc4475/trws.dat", 400, "§3.1.2.10: spaces at the end of the request line"},
	{"rfc4475/escruri.dat", 400, "§3.1.2.11: escaped headers in the Request-URI"},
	{"rfc4475/baddate.dat", accepted, "§3.1.2.12: a Date in another zone may be ignored"},
	{"rfc4475/regbadct.dat", 400, "§3.1.2.13: a question mark outside <>"},
	{"rfc4475/badaspec.dat", 400, "§3.1.2.14: spaces inside <>"},
	{"rfc4475/baddn.dat", 400, "§3.1.2.15: the archived octets also lack the empty line"},
	{"rfc4475/baddn.wire.dat", 400, "§3.1.2.15: a comma in an unquoted display name"},
	{"rfc4475/badvers.dat", 505, "§3.1.2.16: SIP/7.0"},
	{"rfc4475/mismatch01.dat", 400, "§3.1.2.17: CSeq names another method"},
	{"rfc4475/mismatch02.dat", 400, "§3.1.2.18: the same with an unknown method"},
	{"rfc4475/bigcode.dat", dropped, "§3.1.2.19: status 4294967301"},
	{"rfc4475/badbranch.dat", 400, "§3.2.1: a branch that is the cookie alone"},
	{"rfc4475/insuf.dat", dropped, "§3.3.1: without From, To and Call-ID no answer can be built"},
	{"rfc4475/unkscm.dat", 416, "§3.3.2: unknown scheme"},
	{"rfc4475/novelsc.dat", 416, "§3.3.3: known but atypical scheme"},
	{"rfc4475/unksm2.dat", accepted, "§3.3.4: unknown schemes in To, From and Contact"},
	{"rfc4475/bext01.dat", accepted, "§3.3.5: Require is the application's"},
	{"rfc4475/invut.dat", accepted, "§3.3.6: Content-Type is the application's"},
	{"rfc4475/regaut01.dat", accepted, "§3.3.7: Authorization is the application's"},
	{"rfc4475/multi01.dat", 400, "§3.3.8: several From, To, Call-ID, CSeq, Max-Forwards"},
	{"rfc4475/mcl01.dat", 400, "§3.3.9: two Content-Lengths"},
	{"rfc4475/bcast.dat", accepted, "§3.3.10: a response nobody waits for is the table's to drop"},
	{"rfc4475/zeromf.dat", accepted, "§3.3.11: Max-Forwards 0 is the application's"},
	{"rfc4475/cparam01.dat", accepted, "§3.3.12: a Contact header parameter"},
	{"rfc4475/cparam02.dat", accepted, "§3.3.13: a Contact URI parameter"},
	{"rfc4475/regescrt.dat", accepted, "§3.3.14: escaped headers in a Contact URI are part of it"},
	{"rfc4475/sdp01.dat", accepted, "§3.3.15: Accept is the application's"},
	{"rfc4475/inv2543.dat", accepted, "§3.4.1: an RFC 2543 INVITE"},
	{"rfc4475/test.dat", dropped, "in no section: the request line has no version"},
	{"rfc5118/ipv6-good.dat", accepted, "§4.1"},
	{"rfc5118/ipv6-bad.dat", 400, "§4.2: an IPv6 address without brackets"},
	{"rfc5118/port-ambiguous.dat", accepted, "§4.3: all of it is the address"},
	{"rfc5118/port-unambiguous.dat", accepted, "§4.4"},
	{"rfc5118/via-received-param-with-delim.dat", accepted, "§4.5"},
	{"rfc5118/via-received-param-no-delim.dat", accepted, "§4.5"},
	{"rfc5118/ipv6-in-sdp.dat", accepted, "§4.6"},
	{"rfc5118/mult-ip-in-header.dat", accepted, "§4.7"},
	{"rfc5118/mult-ip-in-sdp.dat", accepted, "§4.8"},
	{"rfc5118/ipv4-mapped-ipv6.dat", accepted, "§4.9"},
	{"rfc5118/ipv6-bug-abnf-3-colons.dat", accepted, "§4.10: both forms are tolerated"},
	{"rfc5118/ipv6-correct-abnf-2-colons.dat", accepted, "§4.10"},
}

func TestTorture(t *testing.T) {
	g := NewGuard(Limits{})
	named := map[string]bool{}
	for _, c := range tortureCases {
		named[filepath.Join("testdata", c.file)] = true
		t.Run(c.file, func(t *testing.T) {
			b := load(t, filepath.Join("testdata", c.file))
			_, err := Parse(g, b)
			if got := verdict(err); got != c.want {
				t.Fatalf("verdict %d (%v), want %d: %s", got, err, c.want, c.why)
			}
		})
	}
	for _, f := range glob(t, "testdata/rfc*/*.dat") {
		if !named[f] {
			t.Errorf("%s has no row", f)
		}
	}
}

// What the RFC says must be understood, not only let pass.
func TestTortureMeaning(t *testing.T) {
	t.Run("wsinv", func(t *testing.T) {
		m := parseFile(t, "rfc4475/wsinv.dat").(*sip.Request)
		if tag := Tag(m.From().Params); tag != "98asjd8" {
			t.Errorf("From tag %q", tag)
		}
		if tag := Tag(m.To().Params); tag != "1918181833n" {
			t.Errorf("To tag %q", tag)
		}
		if n := len(m.GetHeaders("via")); n != 3 {
			t.Errorf("%d Vias, want 3", n)
		}
		if v := m.Via(); v.Host != "192.0.2.2" || v.Transport != "UDP" {
			t.Errorf("top Via %v", v)
		}
		if s := m.CSeq(); s.SeqNo != 9 || s.MethodName != "INVITE" {
			t.Errorf("CSeq %v", s)
		}
		if v := m.GetHeader("NewFangledHeader").Value(); v != "newfangled value continued newfangled value" {
			t.Errorf("folded value %q", v)
		}
		if n := len(m.Body()); n != 150 {
			t.Errorf("body of %d octets", n)
		}
	})
	t.Run("intmeth", func(t *testing.T) {
		m := parseFile(t, "rfc4475/intmeth.dat").(*sip.Request)
		if m.Method != "!interesting-Method0123456789_*+`.%indeed'~" {
			t.Errorf("method %q", m.Method)
		}
		if s := m.String(); strings.ContainsAny(s, "\x00\x07\x7f") {
			t.Error("an escaped control octet of the display name is written on")
		}
		if tag := Tag(m.From().Params); tag != "_token~1'+`*%!-." {
			t.Errorf("From tag %q", tag)
		}
	})
	t.Run("esc02", func(t *testing.T) {
		if m := parseFile(t, "rfc4475/esc02.dat").(*sip.Request); m.Method != "RE%47IST%45R" {
			t.Errorf("method %q", m.Method)
		}
	})
	t.Run("dblreq", func(t *testing.T) {
		m := parseFile(t, "rfc4475/dblreq.dat").(*sip.Request)
		if m.Method != sip.REGISTER || len(m.Body()) != 0 {
			t.Errorf("%s with a body of %d octets", m.Method, len(m.Body()))
		}
	})
	t.Run("semiuri", func(t *testing.T) {
		m := parseFile(t, "rfc4475/semiuri.dat").(*sip.Request)
		if m.Recipient.User != "user;par=u%40example.net" || m.Recipient.Host != "example.com" {
			t.Errorf("user %q host %q", m.Recipient.User, m.Recipient.Host)
		}
	})
	t.Run("port", func(t *testing.T) {
		m := parseFile(t, "rfc5118/port-ambiguous.dat").(*sip.Request)
		if m.Recipient.Host != "[2001:db8::10:5070]" || m.Recipient.Port != 0 {
			t.Errorf("host %q port %d", m.Recipient.Host, m.Recipient.Port)
		}
		m = parseFile(t, "rfc5118/port-unambiguous.dat").(*sip.Request)
		if m.Recipient.Host != "[2001:db8::10]" || m.Recipient.Port != 5070 {
			t.Errorf("host %q port %d", m.Recipient.Host, m.Recipient.Port)
		}
	})
	t.Run("mapped", func(t *testing.T) {
		m := parseFile(t, "rfc5118/ipv4-mapped-ipv6.dat").(*sip.Request)
		if v := m.Via().Value(); v != "SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19" {
			t.Errorf("Via is written as %q", v)
		}
	})
	t.Run("mpart01", func(t *testing.T) {
		b := load(t, "testdata/rfc4475/mpart01.dat")
		h, err := Scan(b)
		if err != nil {
			t.Fatal(err)
		}
		m := parseFile(t, "rfc4475/mpart01.dat")
		if string(m.Body()) != string(b[h.Len:h.Len+h.ContentLength]) {
			t.Error("the binary body was changed")
		}
	})
}

func TestCarrierMessages(t *testing.T) {
	g := NewGuard(Limits{})
	files := append(glob(t, "testdata/carrier/*.sip"), glob(t, "testdata/capture/*/*.sip")...)
	if len(files) < 20 {
		t.Fatalf("only %d messages found", len(files))
	}
	for _, f := range files {
		m, err := Parse(g, load(t, f))
		if err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		if again, err := Parse(g, []byte(m.String())); err != nil || again.String() != m.String() {
			t.Errorf("%s: what is written reads differently: %v", f, err)
		}
	}
}

// Everything the guard passes is, in its canonical form, passed untouched; and
// the rim's scan agrees with the parsed message on what it found.
func TestCanonicalIsStable(t *testing.T) {
	g, again := NewGuard(Limits{}), NewGuard(Limits{})
	for _, f := range corpus(t) {
		b := load(t, f)
		out, err := g.Canonical(b)
		if err != nil {
			continue
		}
		twice, err := again.Canonical(out)
		if err != nil || string(twice) != string(out) {
			t.Errorf("%s: canonical form is not stable: %v\n%q\n%q", f, err, out, twice)
		} else if &twice[0] != &out[0] {
			t.Errorf("%s: canonical form was copied", f)
		}
		m, err := Parse(again, b)
		if err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		h, err := Scan(b)
		if err != nil {
			t.Errorf("%s: guard passes, scan refuses: %v", f, err)
			continue
		}
		if string(h.CallID) != m.CallID().Value() || h.CSeq != m.CSeq().SeqNo || string(h.CSeqMethod) != string(m.CSeq().MethodName) {
			t.Errorf("%s: scan found %q %d %s", f, h.CallID, h.CSeq, h.CSeqMethod)
		}
		if _, request := m.(*sip.Request); request != h.Request() {
			t.Errorf("%s: scan and library disagree on the kind of message", f)
		}
	}
}

func corpus(t testing.TB) []string {
	files := glob(t, "testdata/*/*.dat")
	files = append(files, glob(t, "testdata/*/*.sip")...)
	return append(files, glob(t, "testdata/capture/*/*.sip")...)
}

func parseFile(t *testing.T, name string) sip.Message {
	t.Helper()
	m, err := Parse(NewGuard(Limits{}), load(t, filepath.Join("testdata", name)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func load(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func glob(t testing.TB, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no file matches %s: %v", pattern, err)
	}
	return files
}
