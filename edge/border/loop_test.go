package border

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/ua"
)

// sent returns what the border sends to a flow, on receiving a message.
func (e *egress) sent(from, to flow.Flow, message string) (sent []byte) {
	for _, a := range e.shard.Datagram(start, from, []byte(message), nil) {
		if s, ok := a.(ua.Send); ok && s.Flow == to && !bytes.HasPrefix(s.Data, []byte("SIP/2.0 100")) {
			sent = s.Data
		}
	}
	return sent
}

// A carrier's proxy hands a call of ours back to a number of ours, and the core
// sends it out again: once is a spiral, as of a call that was forwarded, and goes
// through (RFC 3261 §6). The third time in one direction is a loop, which
// Max-Forwards alone would end after some thirty calls.
func TestLoop(t *testing.T) {
	e := carriers(t).egress()
	hint := ""
	passed := []string{}
	for turn := 1; ; turn++ {
		core := strings.Replace(coreInvite{domain: "t2.example", called: "0300009009", caller: "0300009001", callID: "core" + strconv.Itoa(turn)}.String(),
			"Max-Forwards: 69\r\n", "Max-Forwards: 69\r\n"+hint, 1)
		core = strings.Replace(core, "z9hG4bK-1", "z9hG4bKturn"+strconv.Itoa(turn), 1)
		var out []byte
		for _, a := range e.shard.Datagram(start, e.core, []byte(core), nil) {
			if s, ok := a.(ua.Send); ok && !bytes.HasPrefix(s.Data, []byte("SIP/2.0 100")) {
				out, e.to = s.Data, s.Flow
			}
		}
		if line, _, _ := strings.Cut(string(out), "\r\n"); !strings.HasPrefix(line, "INVITE") {
			passed = append(passed, line)
			break
		}
		_, mark, _ := strings.Cut(headerOf(out, "Via"), passMark)
		mark, _, _ = strings.Cut(mark, ";")
		passed = append(passed, mark)
		_, rest, _ := strings.Cut(string(out), "\r\n")
		back := "INVITE sip:0300000121@203.0.113.10:5060 SIP/2.0\r\nVia: SIP/2.0/UDP " + e.to.Remote.String() + ";branch=z9hG4bKproxy" + strconv.Itoa(turn) + "\r\n" +
			strings.Replace(rest, "CSeq: 1 ", "CSeq: "+strconv.Itoa(turn)+" ", 1)
		in := e.sent(e.to, e.core, back)
		if in == nil {
			t.Fatalf("turn %d: nothing reaches the core", turn)
		}
		hint = "Sekisho-Call: " + headerOf(in, "Sekisho-Call") + "\r\n"
	}
	if got, want := strings.Join(passed, ", "), "01, 12, SIP/2.0 482 Loop Detected"; got != want {
		t.Errorf("passed as %q, want %q", got, want)
	}
}

// What a stranger's Via says is not ours, and a core that repeats nothing begins
// again.
func TestPassesAreOurs(t *testing.T) {
	for via, want := range map[string]string{
		"SIP/2.0/UDP 203.0.113.10;branch=z9hG4bKx.p12":      "482",
		"SIP/2.0/UDP 203.0.113.10:5061;branch=z9hG4bKx.p02": "482",
		"SIP/2.0/UDP 203.0.113.10:5062;branch=z9hG4bKx.p12": "INVITE",
		"SIP/2.0/UDP 203.0.113.99;branch=z9hG4bKx.p99":      "INVITE",
		"SIP/2.0/UDP 203.0.113.10;branch=z9hG4bKx.p21":      "INVITE",
		"SIP/2.0/UDP 203.0.113.10;branch=z9hG4bKx.p1x":      "INVITE",
	} {
		e := carriers(t).egress()
		core := coreInvite{domain: "t1.example", called: "0300009009", caller: "0300009001"}.String()
		core = strings.Replace(core, "Max-Forwards:", "Via: "+via+"\r\nMax-Forwards:", 1)
		got := ""
		for _, a := range e.shard.Datagram(start, e.core, []byte(core), nil) {
			if s, ok := a.(ua.Send); ok && !bytes.HasPrefix(s.Data, []byte("SIP/2.0 100")) {
				got = strings.TrimPrefix(string(s.Data[:14]), "SIP/2.0 ")
			}
		}
		if !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, want %s", via, got, want)
		}
	}
}
