package transaction

import (
	"fmt"
	"testing"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/flow"
)

// A step is something that happens to a table at a time, and what must follow.
type step struct {
	at   float64 // seconds after the start
	in   Input
	want string
}

// A sentence is one rule of an RFC and the steps that show it. Between steps
// the table is woken whenever it asks to be; want of an elapse step holds all
// that followed since the step before, with times.
type sentence struct {
	name  string
	rule  string
	steps []step
}

// elapse lets time pass up to the step's time.
type elapse struct{ Input }

func run(t *testing.T, s sentence) {
	t.Helper()
	tab := newTable()
	ended := map[ID]bool{}
	check := func(out []Action) []Action {
		for _, a := range out {
			id := idOf(a)
			if id != 0 && ended[id] {
				t.Errorf("%T after Ended for %d", a, id)
			}
			if e, ok := a.(Ended); ok {
				ended[e.ID] = true
			}
		}
		return out
	}
	for i, st := range s.steps {
		until := epoch.Add(seconds(st.at))
		var got string
		for {
			at, timer := tab.Deadline()
			if at.IsZero() || at.After(until) {
				break
			}
			held := tab.byID.length
			out := check(tab.Handle(at, Timeout{}, nil))
			if len(out) == 0 {
				// The end of a transaction that nobody was told of.
				if tab.byID.length == held {
					t.Errorf("step %d: timer %v at %v did nothing", i, timer, at.Sub(epoch))
				}
				continue
			}
			got += fmt.Sprintf("%g %v: %s; ", at.Sub(epoch).Seconds(), timer, brief(out))
		}
		if _, ok := st.in.(elapse); !ok {
			got += brief(check(tab.Handle(until, st.in, nil)))
		}
		if got != st.want {
			t.Errorf("step %d at %gs\n got %q\nwant %q\nrule: %s", i, st.at, got, st.want, s.rule)
		}
	}
}

func idOf(a Action) ID {
	switch a := a.(type) {
	case Started:
		return a.ID
	case Arrived:
		return a.ID
	case Cancelled:
		return a.ID
	case Answered:
		return a.ID
	case Failed:
		return a.ID
	case Ended:
		return a.ID
	}
	return 0
}

const branch = "z9hG4bKaaaa"

func TestInviteClient(t *testing.T) {
	start := func(f flow.Flow) step {
		return step{in: Request{Owner: 9, Flow: f, Request: newRequest(t, sip.INVITE, branch)}, want: "started, send INVITE"}
	}
	res := func(status int, tag string) Received {
		return Received{Flow: udp, Message: newResponse(t, sip.INVITE, branch, status, tag)}
	}
	overTCP := func(status int) Received {
		r := res(status, "t1")
		r.Flow = tcp
		return r
	}
	for _, s := range []sentence{
		{
			name: "timer A doubles and B gives up",
			rule: `§17.1.1.2 "When timer A fires, the client transaction MUST retransmit the request [...] and MUST reset the timer with a value of 2*T1"; B is 64*T1`,
			steps: []step{start(udp), {40, elapse{}, "0.5 A: send INVITE; 1.5 A: send INVITE; 3.5 A: send INVITE; 7.5 A: send INVITE; " +
				"15.5 A: send INVITE; 31.5 A: send INVITE; 32 B: timed out, ended; "}},
		},
		{
			name:  "a reliable transport sends once",
			rule:  `§17.1.1.2 "If a reliable transport is being used, the client transaction SHOULD NOT start timer A. For any transport, the client transaction MUST start timer B"`,
			steps: []step{start(tcp), {40, elapse{}, "32 B: timed out, ended; "}},
		},
		{
			name: "a provisional response stops retransmission",
			rule: `§17.1.1.2 "If the client transaction receives a provisional response while in the "Calling" state, it transitions to the "Proceeding" state. In the "Proceeding" state, the client transaction SHOULD NOT retransmit the request any longer"`,
			steps: []step{
				start(udp),
				{0.6, res(100, ""), "0.5 A: send INVITE; answered 100"},
				{1, res(180, "t1"), "answered 180"},
				{300, elapse{}, ""},
				{301, res(180, "t1"), "answered 180"},
			},
		},
		{
			name: "a non-2xx answer is acknowledged, once per copy, for timer D",
			rule: `§17.1.1.2 "Any retransmissions of the final response that are received while in the "Completed" state MUST cause the ACK to be re-passed to the transport layer for retransmission, but the newly received response MUST NOT be passed up to the TU"; D is at least 32 s`,
			steps: []step{
				start(udp),
				{0.1, res(486, "t1"), "send ACK, answered 486"},
				{0.6, res(486, "t1"), "send ACK"},
				{1.6, res(486, "t1"), "send ACK"},
				{2, res(180, "t1"), ""},
				{2.1, res(200, "t2"), ""},
				{40, elapse{}, "32.1 D: ended; "},
				{41, res(486, "t1"), ""},
			},
		},
		{
			name: "timer D is zero on a reliable transport",
			rule: `§17.1.1.2 "The client transaction MUST start timer D when it enters the "Completed" state, with a value of at least 32 seconds for unreliable transports, and a value of zero seconds for reliable transports"`,
			steps: []step{
				start(tcp),
				{0.1, overTCP(486), "send ACK, answered 486, ended"},
				{40, elapse{}, ""},
			},
		},
		{
			name: "Accepted hands up each 2xx, of each fork, until M",
			rule: `RFC 6026 §8.4 "While in the "Accepted" state, any 2xx responses received MUST be passed to the TU [...] Timer M reflects the amount of time that the transaction user will wait for retransmissions of the 2xx responses"`,
			steps: []step{
				start(udp),
				{0.1, res(180, "t1"), "answered 180"},
				{0.2, res(200, "t1"), "answered 200"},
				{0.7, res(200, "t1"), "answered 200"},
				{0.8, res(200, "t2"), "answered 200"},
				{0.9, res(180, "t3"), ""},
				{1.0, res(486, "t3"), ""},
				{40, elapse{}, "32.2 M: ended; "},
				{41, res(200, "t1"), "stray 200"},
			},
		},
		{
			name: "2xx straight from Calling",
			rule: `RFC 6026 §8.4 "When a 2xx response is received while in either the "Calling" or "Proceeding" states, the client transaction MUST transition to the "Accepted" state, and Timer M MUST be started with a value of 64*T1"`,
			steps: []step{
				start(udp),
				{0.1, res(200, "t1"), "answered 200"},
				{40, elapse{}, "32.1 M: ended; "},
			},
		},
		{
			name: "timer M runs on any transport",
			rule: `RFC 6026 §8.11: timer M is 64*T1`,
			steps: []step{
				start(tcp),
				{0.1, overTCP(200), "answered 200"},
				{40, elapse{}, "32.1 M: ended; "},
			},
		},
		{
			name: "a transport error in Calling",
			rule: `§17.1.4 "the client transaction SHOULD inform the TU that a transport failure has occurred, and the client transaction SHOULD transition directly to the "Terminated" state"`,
			steps: []step{
				start(udp),
				{0.1, Unreachable{Flow: other}, ""},
				{0.2, Unreachable{Flow: udp}, "transport failed, ended"},
				{40, elapse{}, ""},
			},
		},
		{
			name: "a transport error past Calling",
			rule: `nothing is being sent in Proceeding (§17.1.1.2)`,
			steps: []step{
				start(udp),
				{0.1, res(180, "t1"), "answered 180"},
				{0.2, Unreachable{Flow: udp}, ""},
				{0.3, res(200, "t1"), "answered 200"},
				{0.4, Unreachable{Flow: udp}, ""},
			},
		},
		{
			name: "no final answer after CANCEL",
			rule: `§9.1 "If there is no final response for the original request in 64*T1 seconds [...] the client SHOULD then consider the original transaction cancelled and SHOULD destroy the client transaction handling the original request"`,
			steps: []step{
				start(udp),
				{0.1, res(180, "t1"), "answered 180"},
				{5, Request{Owner: 9, Flow: udp, Request: newRequest(t, sip.CANCEL, branch)}, "started, send CANCEL"},
				{5.1, Received{Flow: udp, Message: newResponse(t, sip.CANCEL, branch, 200, "t1")}, "answered 200"},
				{5.2, res(180, "t1"), "answered 180"},
				{50, elapse{}, "10.1 K: ended; 37 B: timed out, ended; "},
			},
		},
		{
			name: "CANCEL sent before the first 1xx",
			rule: `§9.1, the clock starts again with Proceeding at the latest`,
			steps: []step{
				start(udp),
				{0.1, Request{Owner: 9, Flow: udp, Request: newRequest(t, sip.CANCEL, branch)}, "started, send CANCEL"},
				{0.2, Received{Flow: udp, Message: newResponse(t, sip.CANCEL, branch, 200, "t1")}, "answered 200"},
				{0.3, res(100, ""), "answered 100"},
				{50, elapse{}, "5.2 K: ended; 32.3 B: timed out, ended; "},
			},
		},
		{
			name: "200 crosses CANCEL",
			rule: `RFC 6026 §7.2: a 2xx reaches the TU whatever it has asked for`,
			steps: []step{
				start(udp),
				{0.1, res(180, "t1"), "answered 180"},
				{0.2, Request{Owner: 9, Flow: udp, Request: newRequest(t, sip.CANCEL, branch)}, "started, send CANCEL"},
				{0.3, res(200, "t1"), "answered 200"},
				{0.4, Received{Flow: udp, Message: newResponse(t, sip.CANCEL, branch, 481, "x")}, "answered 481"},
				{50, elapse{}, "5.4 K: ended; 32.3 M: ended; "},
			},
		},
		{
			name: "487 after CANCEL",
			rule: `§9.1: the INVITE is answered as any other`,
			steps: []step{
				start(udp),
				{0.1, res(180, "t1"), "answered 180"},
				{0.2, Request{Owner: 9, Flow: udp, Request: newRequest(t, sip.CANCEL, branch)}, "started, send CANCEL"},
				{0.3, res(487, "t1"), "send ACK, answered 487"},
				{50, elapse{}, "0.7 E: send CANCEL; 1.7 E: send CANCEL; 3.7 E: send CANCEL; 7.7 E: send CANCEL; 11.7 E: send CANCEL; " +
					"15.7 E: send CANCEL; 19.7 E: send CANCEL; 23.7 E: send CANCEL; 27.7 E: send CANCEL; 31.7 E: send CANCEL; " +
					"32.2 F: timed out, ended; 32.3 D: ended; "},
			},
		},
		{
			name: "another address cannot answer",
			rule: `a response from elsewhere is dropped, with the right branch and tag too`,
			steps: []step{
				start(udp),
				{0.1, Received{Flow: other, Message: newResponse(t, sip.INVITE, branch, 200, "t1")}, ""},
				{0.2, Received{Flow: other, Message: newResponse(t, sip.INVITE, branch, 302, "t1")}, ""},
				{0.3, res(180, "t1"), "answered 180"},
			},
		},
		{
			name: "unmatched responses",
			rule: `RFC 6026 §8.9: only a 2xx to INVITE is anybody's business`,
			steps: []step{
				{0, res(180, "t1"), ""},
				{0, res(486, "t1"), ""},
				{0, Received{Flow: udp, Message: newResponse(t, sip.BYE, branch, 200, "t1")}, ""},
				{0, res(200, "t1"), "stray 200"},
			},
		},
	} {
		t.Run(s.name, func(t *testing.T) { run(t, s) })
	}
}

func TestNonInviteClient(t *testing.T) {
	start := func(f flow.Flow) step {
		return step{in: Request{Owner: 9, Flow: f, Request: newRequest(t, sip.BYE, branch)}, want: "started, send BYE"}
	}
	res := func(f flow.Flow, status int) Received {
		return Received{Flow: f, Message: newResponse(t, sip.BYE, branch, status, "t1")}
	}
	for _, s := range []sentence{
		{
			name: "timer E doubles up to T2 and F gives up",
			rule: `§17.1.2.2 "This time, the timer is reset with a value of MIN(4*T1, T2). When the timer fires again, it is reset to a MIN(8*T1, T2)"; F is 64*T1`,
			steps: []step{start(udp), {40, elapse{}, "0.5 E: send BYE; 1.5 E: send BYE; 3.5 E: send BYE; 7.5 E: send BYE; 11.5 E: send BYE; " +
				"15.5 E: send BYE; 19.5 E: send BYE; 23.5 E: send BYE; 27.5 E: send BYE; 31.5 E: send BYE; 32 F: timed out, ended; "}},
		},
		{
			name:  "a reliable transport sends once",
			rule:  `§17.1.2.2 "If an unreliable transport is in use, the client transaction MUST set timer E"`,
			steps: []step{start(tcp), {40, elapse{}, "32 F: timed out, ended; "}},
		},
		{
			name: "Proceeding retransmits every T2",
			rule: `§17.1.2.2 "If Timer E fires while in the "Proceeding" state, the request MUST be passed to the transport layer for retransmission, and Timer E MUST be reset with a value of T2 seconds"`,
			steps: []step{
				start(udp),
				{0.1, res(udp, 100), "answered 100"},
				{10, elapse{}, "0.5 E: send BYE; 4.5 E: send BYE; 8.5 E: send BYE; "},
				{40, elapse{}, "12.5 E: send BYE; 16.5 E: send BYE; 20.5 E: send BYE; 24.5 E: send BYE; 28.5 E: send BYE; 32 F: timed out, ended; "},
			},
		},
		{
			name: "Completed absorbs for T4",
			rule: `§17.1.2.2 "The "Completed" state exists to buffer any additional response retransmissions that may be received [...] Timer K MUST be set to fire in T4 seconds for unreliable transports"`,
			steps: []step{
				start(udp),
				{0.1, res(udp, 200), "answered 200"},
				{0.2, res(udp, 200), ""},
				{0.3, res(udp, 100), ""},
				{40, elapse{}, "5.1 K: ended; "},
			},
		},
		{
			name:  "timer K is zero on a reliable transport",
			rule:  `§17.1.2.2 "and zero seconds for reliable transports"`,
			steps: []step{start(tcp), {0.1, res(tcp, 200), "answered 200, ended"}, {40, elapse{}, ""}},
		},
		{
			name: "a transport error",
			rule: `§17.1.4, in Trying and Proceeding`,
			steps: []step{
				start(udp), {0.1, res(udp, 100), "answered 100"},
				{0.2, Unreachable{Flow: udp}, "transport failed, ended"},
				{0.3, Unreachable{Flow: udp}, ""},
			},
		},
		{
			name: "a server may answer on another connection",
			rule: `§18.2.2 "if that connection is no longer open, the server SHOULD open a connection to the IP address in the "received" parameter"`,
			steps: []step{
				start(tcp),
				{0.1, res(flow.Flow{Remote: other.Remote, Proto: flow.TCP}, 200), ""},
				{0.2, res(udp, 200), ""},
				{0.3, res(flow.Flow{Remote: portOf(tcp, 40001), Proto: flow.TCP}, 200), "answered 200, ended"},
			},
		},
		{
			name: "over UDP another port is another peer",
			rule: `RFC 3581 §4 "The server MUST send the response from the same address and port it received the request on"`,
			steps: []step{
				start(udp),
				{0.1, res(flow.Flow{Remote: portOf(udp, 40001)}, 200), ""},
				{0.2, res(udp, 200), "answered 200"},
			},
		},
	} {
		t.Run(s.name, func(t *testing.T) { run(t, s) })
	}
}
