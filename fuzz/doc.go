// Package fuzz throws bytes at what reads them. It holds tests only, one file
// per wire or decision, and states what must hold for any input whatever:
//
//	FuzzSIPIngress   a peer's datagrams through scan, guard, parser and typed
//	                 headers into a whole user agent, and what it sends back
//	FuzzSDP          session descriptions through offer and answer in both roles
//	FuzzCrypto       keys in offer and answer, in every mode and both roles
//	FuzzCall         streams of events through a whole border: calls from both
//	                 sides, answers, time, loss, forgery, media, a drain and the
//	                 end of the instance; a small model says what the border owes
//	FuzzCore         streams of events through a whole feature core of a company that
//	                 the script draws: calls, answers, failures, keys, time, what is
//	                 said again, hang-ups at any step, a core restored, drained or
//	                 ended and a directory read again; who hears whom must make sense
//	                 after every one, and whoever stands must have somebody
//	FuzzRepeat       the same companies on the wire, where every message comes twice:
//	                 the core is told once, and nobody is sent anything new
//	FuzzTalk         one call with features, against the state machine of SPEC §2.5
//	                 written again
//	FuzzRTP          two peers and signalling by a script, with datagrams of any
//	                 content among it, through the stepped media engine
//	FuzzSRTP         an SRTP peer, an attacker at its address and a plain peer by
//	                 a script, with datagrams of any content among it
//	FuzzRTCP         reports of any content to a call's endpoints
//	FuzzPolicy       calls from carriers and from the core through the policy of
//	                 the sample configuration
//
// The invariants are written here a second time, from the RFC or the rule and
// not from the code they watch.
//
// `go test ./fuzz` replays the seeds: the messages in other rooms' testdata,
// the lists in this room's files, and testdata/fuzz. To explore, on one core:
//
//	go test ./fuzz -run '^$' -fuzz '^FuzzSIPIngress$' -fuzztime 3m -parallel 1 -fuzzminimizetime 1x
//
// A crasher that has been mended stays as a seed under testdata/fuzz.
package fuzz
