package fuzz

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/callid"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/token"
)

// FuzzSIPIngress takes up to eight datagrams, divided by two record separators,
// and a script that says who sends them, when, and what the application behind
// them does. What it asserts is in the functions it calls; beside that nothing
// may panic.
func FuzzSIPIngress(f *testing.F) {
	for _, data := range load(f, sipFiles) {
		f.Add(data, uint16(0))
	}
	for _, s := range conversations {
		f.Add([]byte(strings.ReplaceAll(strings.ReplaceAll(s.text, "\n", "\r\n"), "--\r\n", separator)), s.script)
	}
	f.Fuzz(func(t *testing.T, data []byte, script uint16) {
		if len(data) > 1<<16 {
			return // a datagram holds no more
		}
		messages := bytes.SplitN(data, []byte(separator), 8)
		for _, b := range messages {
			checkReading(t, b)
		}
		checkStranger(t, messages, script)
		checkConversation(t, messages, script)
	})
}

const separator = "\x1e\x1e"

// checkReading holds scan, guard and library against each other.
func checkReading(t *testing.T, b []byte) {
	g, again := header.NewGuard(header.Limits{}), header.NewGuard(header.Limits{})
	head, scanErr := header.Scan(b)
	m, err := header.Parse(g, b)
	if err != nil {
		checkRefusal(t, b, err)
		return
	}
	if scanErr != nil {
		t.Fatalf("the guard passes what the scan refuses: %v\n%q", scanErr, b)
	}
	// The rim routes by the scan's Call-ID, the shard works by the parser's:
	// were they two, a call would be in two shards.
	key := callid.Key{1, 2, 3}
	if key.Of(head.CallID) != key.OfString(m.CallID().Value()) || string(head.CallID) != m.CallID().Value() {
		t.Fatalf("scan reads Call-ID %q, library %q", head.CallID, m.CallID().Value())
	}
	if head.CSeq != m.CSeq().SeqNo || string(head.CSeqMethod) != string(m.CSeq().MethodName) {
		t.Fatalf("scan reads CSeq %d %s, library %s", head.CSeq, head.CSeqMethod, m.CSeq().Value())
	}
	if r, ok := m.(*sip.Request); ok != head.Request() || ok && string(r.Method) != string(head.Method) {
		t.Fatalf("scan reads method %q, library %v", head.Method, m)
	}
	body := b[head.Len:]
	if head.ContentLength >= 0 {
		body = body[:head.ContentLength]
	}
	if !bytes.Equal(m.Body(), body) {
		t.Fatalf("library reads the body %q, by the scan it is %q", m.Body(), body)
	}
	checkStable(t, g, again, b)
	checkRoundTrip(t, again, m)
	checkTyped(t, m)
}

// checkRefusal: every fault is one of ours, and the answer it asks for is one
// response, framed soundly, that carries nothing but what an answer has to.
func checkRefusal(t *testing.T, b []byte, err error) {
	fault, ok := err.(*header.Fault)
	if !ok {
		t.Fatalf("error %T of a malformed message", err)
	}
	if fault.Kind == header.Unparsed {
		t.Fatalf("the guard passes what the library refuses:\n%q", b)
	}
	out := header.Refusal(nil, b, fault, "t1")
	if fault.Status == 0 {
		if len(out) != 0 {
			t.Fatalf("an answer to what may not be answered: %q", out)
		}
		return
	}
	checkFramed(t, out, b)
	if !bytes.HasPrefix(out, fmt.Appendf(nil, "SIP/2.0 %d ", fault.Status)) {
		t.Fatalf("refused with %q, want %d", out, fault.Status)
	}
}

// checkFramed is for the answers to malformed requests: what they echo may be
// malformed in itself, but never so that a line begins or ends elsewhere.
func checkFramed(t *testing.T, out, request []byte) {
	text, ended := strings.CutSuffix(string(out), "\r\nContent-Length: 0\r\n\r\n")
	start, rest, _ := strings.Cut(text, "\r\n")
	if !ended || !strings.HasPrefix(start, "SIP/2.0 ") {
		t.Fatalf("no refusal: %q", out)
	}
	count := map[string]int{}
	for line := range strings.SplitSeq(rest, "\r\n") {
		name, value, found := strings.Cut(line, ": ")
		if !found || !slices.Contains([]string{"Via", "From", "To", "Call-ID", "CSeq"}, name) || header.SafeValue(value) != nil {
			t.Fatalf("a refusal has the line %q", line)
		}
		count[name]++
	}
	if count["Via"] == 0 || count["From"] != 1 || count["To"] != 1 || count["Call-ID"] != 1 || count["CSeq"] != 1 {
		t.Fatalf("a refusal has %v:\n%q", count, out)
	}
	_, err := header.NewGuard(header.Limits{}).Canonical(out)
	if fault, ok := err.(*header.Fault); ok {
		switch fault.Kind {
		case header.NotSIP, header.Version, header.StartLine, header.Incomplete, header.LineEnd, header.ControlOctet,
			header.HeaderName, header.Missing, header.BodyShort, header.BadNumber:
			t.Fatalf("%v\nin the refusal\n%q\nof\n%q", fault, out, request)
		}
	}
}

// checkStable: a canonical message is canonical, and not much longer than what
// came. The longest stretch is an empty comma list turned into lines.
func checkStable(t *testing.T, g, again *header.Guard, b []byte) {
	once, err := g.Canonical(b)
	if err != nil {
		t.Fatalf("the same message passed before: %v", err)
	}
	if len(once) > 8*len(b)+256 {
		t.Fatalf("%d octets become %d", len(b), len(once))
	}
	twice, err := again.Canonical(once)
	if err != nil || !bytes.Equal(once, twice) {
		t.Fatalf("canonical form is not stable: %v\n%q\n%q", err, once, twice)
	}
}

// checkRoundTrip: what the library writes reads as the same message.
func checkRoundTrip(t *testing.T, g *header.Guard, m sip.Message) {
	written := m.String()
	second, err := header.Parse(g, []byte(written))
	if err != nil {
		t.Fatalf("%v in what was written:\n%q", err, written)
	}
	if a, b := lines(m), lines(second); !slices.Equal(a, b) {
		t.Fatalf("headers change by writing:\n%q\n%q", a, b)
	}
	if !bytes.Equal(m.Body(), second.Body()) || startLine(m) != startLine(second) {
		t.Fatalf("message changes by writing:\n%q\n%q", written, second.String())
	}
	if header.Tag(second.From().Params) != header.Tag(m.From().Params) || header.Tag(second.To().Params) != header.Tag(m.To().Params) {
		t.Fatalf("tags change when\n%q is written", written)
	}
	if string(token.TagOf(header.Text(m, "From"))) != header.Tag(m.From().Params) || string(token.TagOf(header.Text(m, "To"))) != header.Tag(m.To().Params) {
		t.Fatalf("the library reads other tags than we of\n%q", written)
	}
	if r, ok := m.(*sip.Request); ok && header.Count(m, "Contact") > 0 && r.Contact() == nil {
		t.Fatalf("the library cannot read Contact %q", header.Lines(m, "Contact"))
	}
}

func startLine(m sip.Message) string {
	line, _, _ := strings.Cut(m.String(), "\r\n")
	return line
}

func lines(m sip.Message) []string {
	var out []string
	for _, h := range m.(interface{ Headers() []sip.Header }).Headers() {
		out = append(out, h.Name()+": "+h.Value())
	}
	return out
}
