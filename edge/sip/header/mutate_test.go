package header

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/emiago/sipgo/sip"
)

// Whatever the guard passes, the library parses, the scan reads the same way,
// and the canonical form is stable: over messages of the corpus with seeded
// damage of the kind that separates parsers.
func TestDamagedMessages(t *testing.T) {
	var seeds [][]byte
	for _, f := range corpus(t) {
		seeds = append(seeds, load(t, f))
	}
	pieces := []string{"\r\n", "\n", "\r", " ", "\t", ",", ";", "=", "\"", "<", ">", "\\", ":", "@", "[", "]", "?", "&", "%", "(", "\x00", "\x7f", "\xff", "*", "/",
		"\r\n ", ";tag=x", ";tag", "\r\nl: 0", "\r\ni: x", "\r\nVia: SIP/2.0/UDP x", ", <sip:x>", "sip:", "SIP/2.0", "0", "99999999999", ";a=\"b;c\"", "\r\n\r\n"}
	rnd := rand.New(rand.NewPCG(1, 2))
	g, again := NewGuard(Limits{}), NewGuard(Limits{})
	passed := 0
	for range 20000 {
		b := bytes.Clone(seeds[rnd.IntN(len(seeds))])
		for range 1 + rnd.IntN(3) {
			at := rnd.IntN(min(len(b), 700))
			switch piece := pieces[rnd.IntN(len(pieces))]; rnd.IntN(3) {
			case 0:
				b = bytes.Join([][]byte{b[:at], []byte(piece), b[at:]}, nil)
			case 1:
				b = bytes.Join([][]byte{b[:at], []byte(piece), b[min(len(b), at+len(piece)):]}, nil)
			case 2:
				b = append(b[:at:at], b[min(len(b), at+1+rnd.IntN(8)):]...)
			}
		}
		h, scanErr := Scan(b)
		m, err := Parse(g, b)
		if f, ok := err.(*Fault); ok {
			if f.Kind == Unparsed {
				t.Errorf("guard passes what the library refuses:\n%q", b)
			}
			if f.Status != 0 {
				if out := Refusal(nil, b, f, "t1"); bytes.Count(out, []byte("\r\n\r\n")) != 1 || !bytes.HasSuffix(out, []byte("\r\n\r\n")) {
					t.Errorf("refusal of %q:\n%q", b, out)
				}
			}
			continue
		}
		passed++
		if scanErr != nil || string(h.CallID) != m.CallID().Value() || h.CSeq != m.CSeq().SeqNo {
			t.Errorf("scan: %v %q, library: %q in\n%q", scanErr, h.CallID, m.CallID().Value(), b)
		}
		out, err := g.Canonical(b)
		if err != nil {
			t.Fatal(err)
		}
		if passed%8 == 0 {
			agree(t, m, out)
		}
		if twice, err := again.Canonical(out); err != nil || !bytes.Equal(twice, out) {
			t.Errorf("canonical form is not stable: %v\n%q\n%q", err, out, twice)
		}
		if v := m.Via(); v.Host == "" || v.Transport == "" {
			t.Errorf("Via %q of\n%q", v.Value(), b)
		}
		// What is written must read as the same message.
		written := m.String()
		second, err := Parse(again, []byte(written))
		if err != nil || second.String() != written {
			t.Errorf("%v\n%q is written as\n%q", err, b, written)
		} else if Tag(second.From().Params) != Tag(m.From().Params) || Tag(second.To().Params) != Tag(m.To().Params) {
			t.Errorf("tags change when\n%q is written", written)
		}
		if r, ok := m.(*sip.Request); ok && r.Contact() == nil && Count(m, "Contact") > 0 {
			t.Errorf("the library cannot read Contact %q", Lines(m, "Contact"))
		}
	}
	if passed < 3000 {
		t.Errorf("only %d messages passed", passed)
	}
}
