package transaction

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/flow"
)

// The carrier's side of a test, and ours.
var (
	epoch   = time.Date(2030, 4, 1, 9, 0, 0, 0, time.UTC)
	udp     = flow.Flow{Remote: netip.MustParseAddrPort("192.0.2.10:5060")}
	tcp     = flow.Flow{Remote: netip.MustParseAddrPort("192.0.2.10:5060"), Proto: flow.TCP}
	other   = flow.Flow{Remote: netip.MustParseAddrPort("198.51.100.7:5060")}
	seconds = func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
)

// parse reads one message from text whose lines end in \n.
func parse(t testing.TB, text string) sip.Message {
	t.Helper()
	m, err := sip.ParseMessage([]byte(strings.ReplaceAll(text, "\n", "\r\n")))
	if err != nil {
		t.Fatalf("parse %q: %v", text, err)
	}
	return m
}

// newRequest is a request of branch, without a To tag.
func newRequest(t testing.TB, method sip.RequestMethod, branch string) *sip.Request {
	t.Helper()
	return parse(t, fmt.Sprintf(`%s sip:0300000101@core.example SIP/2.0
Via: SIP/2.0/UDP 192.0.2.10:5060;branch=%s
Route: <sip:proxy.example;lr>
Max-Forwards: 70
From: "Caller" <sip:09000000001@carrier.example>;tag=f1
To: <sip:0300000101@core.example>
Call-ID: c1@carrier.example
CSeq: 7 %s
Contact: <sip:09000000001@192.0.2.10>
Content-Length: 0

`, method, branch, method)).(*sip.Request)
}

func newResponse(t testing.TB, method sip.RequestMethod, branch string, status int, tag string) *sip.Response {
	t.Helper()
	return parse(t, fmt.Sprintf(`SIP/2.0 %d %s
Via: SIP/2.0/UDP 192.0.2.10:5060;branch=%s
From: "Caller" <sip:09000000001@carrier.example>;tag=f1
To: <sip:0300000101@core.example>;tag=%s
Call-ID: c1@carrier.example
CSeq: 7 %s
Content-Length: 0

`, status, Reason(status), branch, tag, method)).(*sip.Response)
}

// counter is a token source whose every value is known.
type counter uint64

func (c *counter) Uint64() uint64 {
	*c += 0x9e3779b97f4a7c15
	return uint64(*c)
}

func newTable() *Table { return NewTable(Config{Tokens: new(counter)}) }

// brief writes actions in one line, as tests compare them:
// a Send by its start line's first words, all others by name.
func brief(actions []Action) string {
	words := make([]string, 0, len(actions))
	for _, a := range actions {
		words = append(words, briefAction(a))
	}
	return strings.Join(words, ", ")
}

func briefAction(a Action) string {
	switch a := a.(type) {
	case Send:
		first, rest, _ := strings.Cut(string(a.Data), " ")
		if first == "SIP/2.0" {
			status, _, _ := strings.Cut(rest, " ")
			return "send " + status
		}
		return "send " + first
	case Started:
		return "started"
	case Arrived:
		if a.ID == 0 {
			return "arrived " + string(a.Request.Method) + " alone"
		}
		return "arrived " + string(a.Request.Method)
	case Cancelled:
		return "cancelled"
	case Answered:
		return fmt.Sprintf("answered %d", a.Response.StatusCode)
	case Stray:
		return fmt.Sprintf("stray %d", a.Response.StatusCode)
	case Failed:
		return [...]string{"timed out", "transport failed", "unacknowledged"}[a.Reason]
	case Ended:
		return "ended"
	}
	return fmt.Sprintf("%T", a)
}

func portOf(f flow.Flow, port uint16) netip.AddrPort {
	return netip.AddrPortFrom(f.Remote.Addr(), port)
}
