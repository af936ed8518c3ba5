package ua

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/leg"
)

// wire hands what one shard sends to the other until both are silent.
type wire struct {
	now  time.Time
	a, b *UA
	// acts and next are what was returned last and what follows from it.
	acts, next []Action
}

// settle carries the actions of from to its peer, and the answers back.
func (w *wire) settle(from *UA) {
	for len(w.acts) > 0 {
		to, src := w.b, addrA
		if from == w.b {
			to, src = w.a, addrB
		}
		w.next = w.next[:0]
		for _, a := range w.acts {
			if s, ok := a.(Send); ok {
				w.next = to.Datagram(w.now, flow.Flow{Remote: src}, s.Data, w.next)
			}
		}
		w.acts, w.next = w.next, w.acts
		from = to
	}
}

// clerk is an application without a log: it answers at once.
type clerk struct {
	legs     Sequence
	answered leg.ID
	answers  leg.Answer
}

func (c *clerk) Deadline() time.Time { return time.Time{} }

func (c *clerk) Handle(_ time.Time, in Input, out []Action) []Action {
	switch in := in.(type) {
	case Incoming:
		return append(out, Command{in.Leg, leg.Ring{Status: 180}}, Command{in.Leg, c.answers})
	case LegEvent:
		if _, ok := in.Event.(leg.Answered); ok {
			c.answered = in.Leg
		}
	}
	return out
}

// carrierHeaders bring an INVITE to the size that carriers send, some 1,300
// bytes.
func carrierHeaders() []sip.Header {
	return []sip.Header{
		sip.NewHeader("P-Asserted-Identity", `"03-0000-9001" <sip:+81300009001@ims.example;user=phone>`),
		sip.NewHeader("P-Asserted-Identity", "<tel:+81300009001>"),
		sip.NewHeader("Privacy", "none"),
		sip.NewHeader("P-Charging-Vector", "icid-value=0123456789abcdef0123456789abcdef;icid-generated-at=192.0.2.1;orig-ioi=ims.example"),
		sip.NewHeader("P-Access-Network-Info", "3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=0000000000000000;network-provided"),
		sip.NewHeader("P-Early-Media", "supported"),
		sip.NewHeader("P-Called-Party-ID", "<sip:+815000002001@ims.example>"),
		sip.NewHeader("History-Info", "<sip:+815000002001@ims.example>;index=1"),
		sip.NewHeader("Supported", "timer, 100rel, histinfo"),
		sip.NewHeader("Session-Expires", "1800;refresher=uac"),
		sip.NewHeader("Min-SE", "300"),
		sip.NewHeader("Accept", "application/sdp"),
		sip.NewHeader("Session-ID", "0123456789abcdef0123456789abcdef;remote=00000000000000000000000000000000"),
		sip.NewHeader("User-Agent", "carrier/1"),
	}
}

// One call over two shards, INVITE 100 180 200 ACK BYE 200, and its share of
// what lingers: time passes as at 100 calls per second.
func BenchmarkCall(b *testing.B) {
	w := &wire{now: time.Unix(1000, 0)}
	ca, cb := &clerk{}, &clerk{answers: leg.Answer{Media: media(addrB)}}
	make := func(c *clerk, self, peer netip.AddrPort, s uint64) *UA {
		return New(Config{
			Source: rand.New(rand.NewPCG(1, s)),
			Hosts:  []leg.Host{{Name: self.Addr().String(), Port: int(self.Port())}},
			Peer:   func(f flow.Flow) (Peer, bool) { return 7, f.Remote == peer },
			Legs:   &c.legs, App: c,
		})
	}
	w.a, w.b = make(ca, addrA, addrB, 2), make(cb, addrB, addrA, 3)
	offer, headers := media(addrA), carrierHeaders()
	b.ReportAllocs()
	size := 0
	for b.Loop() {
		w.now = w.now.Add(10 * time.Millisecond)
		for _, u := range []*UA{w.a, w.b} {
			if at := u.Deadline(); !at.IsZero() && !w.now.Before(at) {
				w.acts = u.Timeout(w.now, w.acts[:0])
				w.settle(u)
			}
		}
		id := ca.legs.Next()
		w.acts = w.a.Do(w.now, []Action{Command{Leg: id, Command: leg.Dial{
			Flow: flow.Flow{Remote: addrB}, CallID: "0123456789abcdef0123456789abcdef@192.0.2.1", Target: "sip:+815000002001@192.0.2.2;user=phone",
			From: `"03-0000-9001" <sip:+81300009001@ims.example;user=phone>`, To: "<sip:+815000002001@ims.example;user=phone>",
			MaxForwards: 70, Media: offer, Headers: headers,
		}}}, w.acts[:0])
		size = len(w.acts[0].(Send).Data)
		w.settle(w.a)
		if ca.answered != id {
			b.Fatal("the call was not answered")
		}
		w.acts = w.a.Do(w.now, []Action{Command{Leg: id, Command: leg.HangUp{Cause: cause.Cause{Q850: cause.NormalClearing}}}}, w.acts[:0])
		w.settle(w.a)
	}
	b.ReportMetric(float64(size), "INVITE-bytes")
	if n := w.a.Counts().Legs + w.b.Counts().Legs; n != 0 {
		b.Fatalf("%d legs left", n)
	}
}
