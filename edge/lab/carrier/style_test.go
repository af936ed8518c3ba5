package carrier

import (
	"strings"
	"testing"
)

// SPEC §2.4 gives docomo's form; the others vary what SPEC §2.2 lists as forms
// to be accepted.
func TestStylesOnTheWire(t *testing.T) {
	t.Parallel()
	pei := []Header{{"Privacy", "id"}}
	for _, c := range []struct {
		name  string
		style Style
		dial  Dial
		lines []string
		not   string
	}{
		{"docomo", Docomo(), Dial{From: "09000002001", To: "81002"}, []string{
			"INVITE sip:81002@127.0.0.1:{port};user=phone SIP/2.0",
			"From: <sip:+819000002001@docomo.test;user=phone>;tag=",
			"P-Asserted-Identity: <tel:+819000002001>",
			"Supported: timer", "Session-Expires: 1800", "P-Early-Media: supported",
		}, "Privacy"},
		{"au", AU(), Dial{From: "+819000002002", To: "8*21#"}, []string{
			"INVITE sip:8*21%23@127.0.0.1:{port};user=phone SIP/2.0",
			"From: <sip:09000002002@au.test;user=phone>;tag=",
			"P-Asserted-Identity: <sip:+819000002002@au.test;user=phone>",
			"P-Asserted-Identity: <tel:+819000002002>",
		}, ""},
		{"softbank, withheld by the handset", SoftBank(), Dial{From: "09000002003", To: "80300009001", Headers: pei}, []string{
			"From: <sip:09000002003@softbank.test;user=phone>;tag=",
			"P-Asserted-Identity: <sip:09000002003@softbank.test;user=phone>",
			"Privacy: id",
		}, "tel:"},
		{"pstn, payphone", PSTN(), Dial{From: "0300009001", To: "0300000121", RawFrom: `"Coin line/payphone" <sip:anonymous@anonymous.invalid>`, RawAsserted: []string{}}, []string{
			`From: "Coin line/payphone" <sip:anonymous@anonymous.invalid>;tag=`,
		}, "P-Asserted-Identity"},
		{"pstn, foreign", InternationalPSTN(), Dial{From: "+12025550123", To: "0300000121"}, []string{
			"P-Asserted-Identity: <sip:+12025550123@pstn.test;user=phone>",
		}, ""},
		{"phone", Phone("t1.example"), Dial{From: "1001", To: "2002"}, []string{
			"INVITE sip:2002@t1.example SIP/2.0",
			"From: <sip:1001@t1.example>;tag=",
		}, "P-"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := connect(t, c.style, AU())
			l.b.Answer(func(Incoming) Behaviour { return Busy() })
			call := l.a.Dial(c.dial)
			callee, err := l.b.Await(l.ctx, func(Incoming) bool { return true })
			l.must(err)
			l.must(call.Wait(l.ctx, Ended))
			raw := string(callee.Incoming().Raw)
			port := l.b.Addr().String()[len("127.0.0.1:"):]
			for _, line := range c.lines {
				line = strings.ReplaceAll(line, "{port}", port)
				if !strings.Contains("\r\n"+raw, "\r\n"+line) {
					t.Errorf("no line %q in\n%s", line, raw)
				}
			}
			if c.not != "" && strings.Contains(raw, c.not) {
				t.Errorf("%q in\n%s", c.not, raw)
			}
		})
	}
}

func TestIncomingShowsWhatWasSent(t *testing.T) {
	t.Parallel()
	l := connect(t, AU(), Docomo())
	call := l.call(Dial{RawFrom: `"Anonymous" <sip:anonymous@anonymous.invalid>`, Headers: []Header{{"Privacy", "id"}}}, Busy())
	in := l.await().Incoming()
	l.must(call.Wait(l.ctx, Ended))
	if in.Number != "09000002002" || in.From != "anonymous" || in.Display != "Anonymous" || in.Privacy != "id" || in.CallID != call.CallID() {
		t.Errorf("shown %+v", in)
	}
	if strings.Join(in.Asserted, " ") != "+819000002001 +819000002001" {
		t.Errorf("asserted %q", in.Asserted)
	}
}
