// Package carrier plays the far side of a trunk: a telephone exchange with its
// subscribers, on real sockets, as docomo, au, SoftBank, a PSTN gateway or a
// phone would write and speak. The demo, interoperability tests and e2e place
// and answer calls with it.
//
//	docomo, err := carrier.Open(carrier.Config{Name: "docomo", Bind: loopback, Border: border, Style: carrier.Docomo()})
//	au.Answer(carrier.Script{"09000002002": carrier.Answers(time.Second, 2)}.For)
//	call := docomo.Dial(carrier.Dial{From: "09000002001", To: "82002", Voice: 1})
//	err = call.Wait(ctx, carrier.Answered)
//	err = call.Listen(ctx, carrier.Talk, 2*time.Second)
//	heard := audio.HearsLoop(call.Heard().Talk.PCM, audio.Decode(audio.Voice(2)))
//	call.HangUp()
//
// It knows the wire only. Of border, core and policy it imports nothing, so
// what it observes is evidence: the numbers that were displayed, the responses
// that came, the sound that was heard, and every message in Trace.
//
// Signalling stands on the product's own ua and shard, media does not: packets
// are built and counted here, by their sequence numbers, so that a fault of
// the product's media rooms cannot hide itself.
//
// # Who runs
//
// An Exchange owns one shard loop and its transport. Each call adds three
// goroutines: one speaks every 20 ms on an absolute schedule, one listens to
// RTP and one to RTCP. They end with the call, and Close waits for all of
// them. Methods may be called from any goroutine; the function given to Answer
// runs on the loop and must not wait.
package carrier
