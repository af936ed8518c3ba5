package transaction

import (
	"testing"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/flow"
)

// The first server transaction of a table has this name.
const first ID = 1

func respond(t *testing.T, req *sip.Request, status int) Respond {
	t.Helper()
	return Respond{ID: first, Response: Reply(req, status, "", "ours")}
}

func TestInviteServer(t *testing.T) {
	invite := func(f flow.Flow) Received {
		return Received{Flow: f, Message: newRequest(t, sip.INVITE, branch)}
	}
	of := func(method sip.RequestMethod) Received {
		return Received{Flow: udp, Message: newRequest(t, method, branch)}
	}
	tu := func(status int) Respond { return respond(t, newRequest(t, sip.INVITE, branch), status) }
	arrived := step{0, invite(udp), "arrived INVITE"}
	for _, s := range []sentence{
		{
			name: "Proceeding repeats the last provisional",
			rule: `§17.2.1 "If a request retransmission is received while in the "Proceeding" state, the most recent provisional response that was received from the TU MUST be passed to the transport layer for retransmission"`,
			steps: []step{
				arrived,
				{0.1, invite(udp), ""},
				{0.2, tu(100), "send 100"},
				{0.3, invite(udp), "send 100"},
				{0.4, tu(180), "send 180"},
				{0.5, tu(183), "send 183"},
				{0.6, invite(udp), "send 183"},
				{0.7, Repeat{ID: first}, "send 183"},
				{300, elapse{}, ""},
			},
		},
		{
			name: "timer G doubles up to T2 and H gives up",
			rule: `§17.2.1 "If timer G fires, the response is passed to the transport layer once more for retransmission, and timer G is set to fire in MIN(2*T1, T2) seconds"; H is 64*T1, and on H "MUST indicate to the TU that a transaction failure has occurred"`,
			steps: []step{
				arrived,
				{0, tu(486), "send 486"},
				{40, elapse{}, "0.5 G: send 486; 1.5 G: send 486; 3.5 G: send 486; 7.5 G: send 486; 11.5 G: send 486; 15.5 G: send 486; " +
					"19.5 G: send 486; 23.5 G: send 486; 27.5 G: send 486; 31.5 G: send 486; 32 H: unacknowledged, ended; "},
			},
		},
		{
			name: "a reliable transport sends the answer once and waits for H",
			rule: `§17.2.1 "For unreliable transports, timer G is set to fire in T1 seconds, and is not set to fire for reliable transports"; H "for all transports"`,
			steps: []step{
				{0, invite(tcp), "arrived INVITE"},
				{0, tu(486), "send 486"},
				{40, elapse{}, "32 H: unacknowledged, ended; "},
			},
		},
		{
			name: "Completed answers a retransmission",
			rule: `§17.2.1 "while in the "Completed" state, if a request retransmission is received, the server SHOULD pass the response to the transport for retransmission"`,
			steps: []step{
				arrived,
				{0, tu(486), "send 486"},
				{0.1, invite(udp), "send 486"},
				{0.2, Repeat{ID: first}, ""},
				{0.3, tu(200), ""},
			},
		},
		{
			name: "the ACK confirms and further ACKs are absorbed for I",
			rule: `§17.2.1 "The purpose of the "Confirmed" state is to absorb any additional ACK messages that arrive, triggered from retransmissions of the final response. When this state is entered, timer I is set to fire in T4 seconds for unreliable transports"`,
			steps: []step{
				arrived,
				{0, tu(486), "send 486"},
				{1, of(sip.ACK), "0.5 G: send 486; "},
				{1.1, of(sip.ACK), ""},
				{1.2, invite(udp), ""},
				{40, elapse{}, "6 I: ended; "},
				{41, of(sip.ACK), "arrived ACK alone"},
			},
		},
		{
			name: "timer I is zero on a reliable transport",
			rule: `§17.2.1 "and zero seconds for reliable transports"`,
			steps: []step{
				{0, invite(tcp), "arrived INVITE"},
				{0, tu(486), "send 486"},
				{1, Received{Flow: tcp, Message: newRequest(t, sip.ACK, branch)}, "ended"},
			},
		},
		{
			name: "a lost ACK is asked for by the next 486",
			rule: `§17.2.1, timer G`,
			steps: []step{
				arrived,
				{0, tu(486), "send 486"},
				{3.6, of(sip.ACK), "0.5 G: send 486; 1.5 G: send 486; 3.5 G: send 486; "},
				{40, elapse{}, "8.6 I: ended; "},
			},
		},
		{
			name: "Accepted absorbs INVITE, sends each 2xx of the TU, passes ACK up, until L",
			rule: `RFC 6026 §8.7 "The purpose of the "Accepted" state is to absorb retransmissions of an accepted INVITE request [...] They are not passed up to the TU"; "if the TU passes a 2xx response, the server transaction MUST pass the response to the transport layer"; ACK "MUST be passed up to the TU"`,
			steps: []step{
				arrived,
				{0, tu(200), "send 200"},
				{0.4, invite(udp), ""},
				{0.5, Repeat{ID: first}, "send 200"},
				{1.5, tu(200), "send 200"},
				{1.6, tu(486), ""},
				{1.7, tu(180), ""},
				{1.8, of(sip.ACK), "arrived ACK alone"},
				{1.9, Settle{ID: first}, ""},
				{2, Repeat{ID: first}, ""},
				{2.1, invite(udp), ""},
				{40, elapse{}, "32 L: ended; "},
				{41, Repeat{ID: first}, ""},
			},
		},
		{
			name: "timer L runs on any transport",
			rule: `RFC 6026 §8.7: "Timer L MUST be set to fire in 64*T1 for all transports"`,
			steps: []step{
				{0, invite(tcp), "arrived INVITE"},
				{0, tu(200), "send 200"},
				{40, elapse{}, "32 L: ended; "},
			},
		},
		{
			name: "CANCEL of a pending INVITE",
			rule: `§9.2 "it [...] answers the CANCEL request itself with a 200 (OK) response"; the original request is for the TU to answer with 487`,
			steps: []step{
				arrived,
				{0, tu(180), "send 180"},
				{1, of(sip.CANCEL), "send 200, cancelled"},
				{1.1, of(sip.CANCEL), "send 200"},
				{1.2, tu(487), "send 487"},
				{1.3, of(sip.ACK), ""},
				{1.4, of(sip.CANCEL), "send 200"},
				{40, elapse{}, "6.3 I: ended; "},
			},
		},
		{
			name: "CANCEL after the final answer",
			rule: `§9.2 "If it has, the CANCEL request has no effect on the processing of the original request"`,
			steps: []step{
				arrived,
				{0, tu(200), "send 200"},
				{1, of(sip.CANCEL), "send 200"},
				{40, elapse{}, "32 L: ended; "},
			},
		},
		{
			name: "CANCEL of nothing",
			rule: `§9.2 "If the UAS did not find a matching transaction for the CANCEL according to the procedure above, it SHOULD respond to the CANCEL with a 481"`,
			steps: []step{
				{0, of(sip.CANCEL), "send 481"},
				{0.1, of(sip.CANCEL), "send 481"},
				{0.2, invite(udp), "arrived INVITE"},
			},
		},
		{
			name: "another peer cannot cancel or acknowledge",
			rule: `the key holds the source's address`,
			steps: []step{
				arrived,
				{0.1, Received{Flow: other, Message: newRequest(t, sip.CANCEL, branch)}, "send 481"},
				{0.2, tu(486), "send 486"},
				{0.3, Received{Flow: other, Message: newRequest(t, sip.ACK, branch)}, "arrived ACK alone"},
				{0.8, of(sip.ACK), "0.7 G: send 486; "},
			},
		},
		{
			name: "a transport error moves nothing",
			rule: `RFC 6026 §8.8`,
			steps: []step{
				arrived,
				{0.1, Unreachable{Flow: udp}, ""},
				{0.2, tu(200), "send 200"},
			},
		},
		{
			name:  "an ACK before any answer is no ACK",
			rule:  `§17.2.1: Proceeding has no transition for it`,
			steps: []step{arrived, {0.1, of(sip.ACK), ""}, {0.2, tu(180), "send 180"}},
		},
	} {
		t.Run(s.name, func(t *testing.T) { run(t, s) })
	}
}

func TestNonInviteServer(t *testing.T) {
	bye := func(f flow.Flow) Received {
		return Received{Flow: f, Message: newRequest(t, sip.BYE, branch)}
	}
	tu := func(status int) Respond { return respond(t, newRequest(t, sip.BYE, branch), status) }
	for _, s := range []sentence{
		{
			name: "Trying absorbs",
			rule: `§17.2.2 "Once in the "Trying" state, any further request retransmissions are discarded"`,
			steps: []step{
				{0, bye(udp), "arrived BYE"},
				{0.5, bye(udp), ""},
				{1, tu(200), "send 200"},
			},
		},
		{
			name: "Proceeding repeats the last provisional",
			rule: `§17.2.2 "If a retransmission of the request is received while in the "Proceeding" state, the most recently sent provisional response MUST be passed to the transport layer for retransmission"`,
			steps: []step{
				{0, bye(udp), "arrived BYE"},
				{0.1, tu(100), "send 100"},
				{0.5, bye(udp), "send 100"},
				{0.6, Repeat{ID: first}, ""},
			},
		},
		{
			name: "Completed answers retransmissions for J",
			rule: `§17.2.2 "When the server transaction enters the "Completed" state, it MUST set Timer J to fire in 64*T1 seconds for unreliable transports"; "the server transaction MUST pass the final response to the transport layer for retransmission whenever a retransmission of the request is received. Any other final responses passed by the TU to the server transaction MUST be discarded"`,
			steps: []step{
				{0, bye(udp), "arrived BYE"},
				{0.1, tu(200), "send 200"},
				{0.5, bye(udp), "send 200"},
				{0.6, tu(500), ""},
				{32, bye(udp), "send 200"},
				{40, elapse{}, "32.1 J: ended; "},
				{41, bye(udp), "arrived BYE"},
			},
		},
		{
			name: "timer J is zero on a reliable transport",
			rule: `§17.2.2 "and zero seconds for reliable transports"`,
			steps: []step{
				{0, bye(tcp), "arrived BYE"},
				{0.1, tu(200), "send 200, ended"},
			},
		},
		{
			name: "a request that is never answered is forgotten",
			rule: `RFC 4320 §4.2: after the peer's timer F an answer reaches nobody`,
			steps: []step{
				{0, bye(udp), "arrived BYE"},
				{40, elapse{}, "32 F: ended; "},
				{41, tu(200), ""},
			},
		},
		{
			name: "the method is part of the match",
			rule: `§17.2.3 "the method of the request matches the one that created the transaction"`,
			steps: []step{
				{0, bye(udp), "arrived BYE"},
				{0, Received{Flow: udp, Message: newRequest(t, sip.INFO, branch)}, "arrived INFO"},
			},
		},
		{
			name: "a peer's other port is the same peer",
			rule: `a broken connection gives it another one`,
			steps: []step{
				{0, bye(udp), "arrived BYE"},
				{0.1, tu(200), "send 200"},
				{0.2, bye(flow.Flow{Remote: portOf(udp, 40001)}), "send 200"},
			},
		},
	} {
		t.Run(s.name, func(t *testing.T) { run(t, s) })
	}
}

func TestTransactionUserFaults(t *testing.T) {
	for _, s := range []sentence{
		{
			name: "a request without a branch, an ACK, and a branch in use",
			rule: `they fail, and nothing is kept`,
			steps: []step{
				{0, Request{Flow: udp, Request: newRequest(t, sip.INVITE, "")}, "started, transport failed, ended"},
				{0, Request{Flow: udp, Request: newRequest(t, sip.ACK, branch)}, "started, transport failed, ended"},
				{0, Request{Flow: udp, Request: newRequest(t, sip.BYE, branch)}, "started, send BYE"},
				{0, Request{Flow: udp, Request: newRequest(t, sip.BYE, branch)}, "started, transport failed, ended"},
			},
		},
		{
			name: "answers to nobody",
			rule: `they do nothing`,
			steps: []step{
				{0, Respond{ID: 99, Response: newResponse(t, sip.INVITE, branch, 200, "t1")}, ""},
				{0, Respond{ID: 0}, ""},
				{0, Repeat{ID: 99}, ""},
				{0, Own{ID: 99}, ""},
				{0, Timeout{}, ""},
			},
		},
		{
			name:  "the ACK for a 2xx",
			rule:  `goes out once`,
			steps: []step{{0, SendOnce{Flow: udp, Request: newRequest(t, sip.ACK, branch)}, "send ACK"}, {40, elapse{}, ""}},
		},
	} {
		t.Run(s.name, func(t *testing.T) { run(t, s) })
	}
}
