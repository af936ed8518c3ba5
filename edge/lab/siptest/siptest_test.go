package siptest

import (
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var (
	docomo = netip.MustParseAddrPort("192.0.2.1:5060")
	border = netip.MustParseAddrPort("192.0.2.10:5060")
	core   = netip.MustParseAddrPort("192.0.2.20:5060")
	other  = netip.MustParseAddrPort("203.0.113.9:5060")
)

// message writes a SIP message: its lines, the headers every message needs
// unless given, an empty line and a body.
func message(method, start, body string, lines ...string) []byte {
	all := strings.Join(lines, "\r\n")
	if !strings.Contains(all, "From:") {
		lines = append(lines, "From: <sip:2001@docomo.test>;tag=a1")
	}
	lines = append([]string{start}, lines...)
	lines = append(lines, "To: <sip:82002@192.0.2.10>", "Call-ID: call-1", "CSeq: 1 "+method,
		"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1", "Max-Forwards: 70", "Contact: <sip:192.0.2.1>")
	if body != "" {
		lines = append(lines, "Content-Type: application/sdp")
	}
	return []byte(strings.Join(lines, "\r\n") + "\r\n\r\n" + body)
}

const media = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 20000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"

func TestSummary(t *testing.T) {
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"an INVITE names its parties and media", message("INVITE", "INVITE sip:82002@192.0.2.10;user=phone SIP/2.0", media,
			"From: <sip:+819000002001@docomo.test;user=phone>;tag=a1", "P-Asserted-Identity: <tel:+819000002001>", "P-Early-Media: supported"),
			"INVITE 82002 from=+819000002001 pai=+819000002001 pcmu pcma te101 pem=supported"},
		{"two identities, withheld", message("INVITE", "INVITE sip:0300000121@192.0.2.10 SIP/2.0", "",
			`From: "Coin line/payphone" <sip:anonymous@anonymous.invalid>;tag=a1`,
			`P-Asserted-Identity: "A" <sip:0300009001@pstn.test>, <tel:+81300009001;cpc=payphone>`, "Privacy: id"),
			`INVITE 0300000121 from="Coin line/payphone" anonymous pai=0300009001,+81300009001 privacy=id`},
		{"early media", message("INVITE", "SIP/2.0 183 Session Progress", media+"a=sendonly\r\n", "P-Early-Media: sendonly"),
			"183 INVITE pcmu pcma te101 sendonly pem=sendonly"},
		{"a refusal and why", message("INVITE", "SIP/2.0 403 Forbidden", "", `Reason: SIP;cause=403, Q.850;cause=21;text="emergency: redial without 8"`),
			`403 INVITE q850=21 "emergency: redial without 8" sip=403`},
		{"answered elsewhere", message("CANCEL", "CANCEL sip:2002@192.0.2.10 SIP/2.0", "", `Reason: SIP;cause=200;text="Call completed elsewhere"`),
			`CANCEL sip=200 "Call completed elsewhere"`},
		{"a protocol of another network", message("CANCEL", "CANCEL sip:2002@192.0.2.10 SIP/2.0", "", "Reason: preemption;cause=1"), "CANCEL reason=preemption;cause=1"},
		{"held by address", message("INVITE", "SIP/2.0 200 OK", strings.ReplaceAll(media, "IP4 192.0.2.1", "IP4 0.0.0.0")),
			"200 INVITE pcmu pcma te101 sendonly held"},
		{"other media", message("INVITE", "SIP/2.0 200 OK", strings.ReplaceAll(media, "audio", "image")), "200 INVITE no audio"},
		{"not SIP", []byte("HELO there\r\n\r\n"), `"HELO there" unreadable: `},
	} {
		got := Summarise(c.data).String()
		if got != c.want && (!strings.HasSuffix(c.want, ": ") || !strings.HasPrefix(got, c.want)) {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestUser(t *testing.T) {
	for in, want := range map[string]string{
		"<tel:+819000002001>":                               "+819000002001",
		`"a <b>" <sip:0300009001@x.example;user=phone>;y=z`: "0300009001",
		"sip:2001;phone-context=ext.example@x.example":      "2001",
		"tel:2001;phone-context=ext.example":                "2001",
		"<sip:x.example>":                                   "x.example",
		"nonsense":                                          "nonsense",
	} {
		if got := User(in); got != want {
			t.Errorf("User(%s) = %q, want %q", in, got, want)
		}
	}
}

// noted is a message d milliseconds after the first.
func noted(d int, seen Seen, from, to netip.AddrPort, data []byte) Message {
	return Message{At: time.Unix(1000, 0).Add(time.Duration(d) * time.Millisecond), Seen: seen, From: from, To: to, Data: data}
}

func TestMergeDrawsWhatBothEndsSawOnce(t *testing.T) {
	invite := message("INVITE", "INVITE sip:82002@192.0.2.10 SIP/2.0", "")
	ok := message("INVITE", "SIP/2.0 200 OK", "")
	left := []Message{
		noted(0, Sent, docomo, border, invite), noted(500, Sent, docomo, border, invite), noted(510, Received, border, docomo, ok),
	}
	// The first INVITE was lost, and the sender of the 200 keeps no trace.
	right := []Message{noted(501, Received, docomo, border, invite)}
	got := Merge(left, right)
	if len(got) != 3 || got[0].At != left[0].At || got[1].At != left[1].At || got[2].Seen != Received {
		t.Fatalf("merged to %d messages", len(got))
	}
	// The network doubled one message, and the later trace has the earlier one.
	early := noted(-5, Sent, border, docomo, ok)
	got = Merge(left[:1], []Message{noted(1, Received, docomo, border, invite), noted(2, Received, docomo, border, invite)}, []Message{early})
	if len(got) != 3 || got[0].At != early.At || got[2].Seen != Received {
		t.Fatalf("merged to %d messages, first at %v", len(got), got[0].At)
	}
	if n := len(OfCalls(got, "call-1")); n != 3 {
		t.Errorf("%d messages of the call, want 3", n)
	}
	if n := len(OfCalls(got, "call-2")); n != 0 {
		t.Errorf("%d messages of another call", n)
	}
}

func TestLadder(t *testing.T) {
	parties := []Party{{"docomo", []netip.AddrPort{docomo}}, {"border", []netip.AddrPort{border}}, {"core", []netip.AddrPort{core}}}
	got := Ladder(parties, []Message{
		noted(0, Sent, docomo, border, message("INVITE", "INVITE sip:82002@192.0.2.10 SIP/2.0", media)),
		noted(1, Sent, border, docomo, message("INVITE", "SIP/2.0 100 Trying", "")),
		noted(12, Sent, border, core, message("INVITE", "INVITE sip:2002@192.0.2.20 SIP/2.0", media)),
		noted(20, Sent, border, border, message("OPTIONS", "OPTIONS sip:192.0.2.10 SIP/2.0", "")),
		noted(2500, Sent, core, docomo, message("BYE", "BYE sip:2002@192.0.2.20 SIP/2.0", "", "Reason: Q.850;cause=16")),
	})
	want := `
          docomo border core
   0.000  ├─────▶│      │       INVITE 82002 from=2001 pcmu pcma te101
   0.001  │◀─────┤      │       100 INVITE
   0.012  │      ├─────▶│       INVITE 2002 from=2001 pcmu pcma te101
   0.020  │      │↺     │       OPTIONS
   2.500  │◀────────────┤       BYE q850=16
`
	if got != want[1:] {
		t.Errorf("drawn\n%s\nwant\n%s", got, want[1:])
	}
}

func TestLadderKeepsItsWidth(t *testing.T) {
	var parties []Party
	for _, n := range []string{"docomo", "au", "softbank", "a very long name of a carrier", "pstn", "border", "core", "phone"} {
		parties = append(parties, Party{Name: n})
	}
	long := message("INVITE", "INVITE sip:"+strings.Repeat("8", 200)+"@192.0.2.10 SIP/2.0", media)
	got := Ladder(parties, []Message{noted(0, Sent, docomo, other, long)})
	for line := range strings.Lines(got) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > ladderWidth {
			t.Errorf("%d characters: %s", n, line)
		}
	}
	if !strings.Contains(got, "els…") || !strings.Contains(got, "…") {
		t.Errorf("neither the strangers' column nor a cut:\n%s", got)
	}
	if Ladder(parties, nil) != "" {
		t.Error("a ladder of nothing")
	}
}
