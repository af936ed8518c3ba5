package core

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/ua"
	"sekisho/media/relay"
)

// bare is a core without a shard: a test says itself what the legs report.
func bare(t *testing.T) *Core {
	t.Helper()
	return newRig(t, 1, 0).app
}

// invite is an INVITE of phone 1001.
func invite(c *Core, called string, maxForwards int) ua.Incoming {
	r := sip.NewRequest(sip.INVITE, sip.Uri{Scheme: "sip", User: called, Host: "t1.example"})
	id, hops := sip.CallIDHeader("bare"), sip.MaxForwardsHeader(maxForwards)
	r.AppendHeader(&id)
	r.AppendHeader(&hops)
	from := flow.Flow{Listener: 1, Remote: addr1001}
	peer, _ := c.Peer(from)
	return ua.Incoming{Leg: c.cfg.Legs.Next(), Flow: from, Peer: peer, Request: r}
}

// RFC 3261 §16.3: a request with Max-Forwards 0 goes no further: 483.
func TestMaxForwards(t *testing.T) {
	c := bare(t)
	out := c.Handle(time.Unix(1000, 0), invite(c, "1002", 0), nil)
	if len(out) != 1 {
		t.Fatalf("got %v", out)
	}
	if h, ok := out[0].(ua.Command).Command.(leg.HangUp); !ok || h.Cause.Status != 483 {
		t.Fatalf("got %+v", out[0])
	}
	out = c.Handle(time.Unix(1000, 0), invite(c, "1002", 1), nil)
	if d, ok := out[0].(ua.Command).Command.(leg.Dial); !ok || d.MaxForwards != 0 {
		t.Fatalf("got %+v", out[0])
	}
}

// A record waits for the causes of both legs, whatever comes first; and a call
// that is over hears nothing but its end.
func TestWaitsForBothLegs(t *testing.T) {
	c := bare(t)
	now := time.Unix(1000, 0)
	in := invite(c, "1002", 70)
	out := c.Handle(now, in, nil)
	b := out[0].(ua.Command).Leg
	out = c.Handle(now, ua.LegEvent{Leg: in.Leg, Event: leg.Ended{Cause: cause.Cause{Q850: cause.NormalClearing}}}, nil)
	if len(out) != 3 {
		t.Fatalf("want two releases and a HangUp, got %v", out)
	}
	late := []ua.Input{
		ua.LegEvent{Leg: b, Event: leg.Progressed{Status: 180}},
		ua.LegEvent{Leg: b, Event: leg.Answered{Negotiated: new(sdp.Negotiated)}},
		ua.LegEvent{Leg: b, Event: leg.Agreed{}},
		ua.LegEvent{Leg: b, Event: leg.Offered{}},
		ua.MediaEvent{Event: relay.Released{Slot: relay.Slot{Index: 1, Epoch: 1}}},
		ua.MediaEvent{Event: relay.Released{Slot: relay.Slot{Index: 2, Epoch: 1}}},
	}
	for _, in := range late {
		if out := c.Handle(now, in, nil); len(out) != 0 {
			t.Fatalf("%T after the end: %v", in, out)
		}
	}
	out = c.Handle(now, ua.LegEvent{Leg: b, Event: leg.Ended{Cause: cause.Cause{Q850: cause.UserBusy}}}, nil)
	if rec, ok := out[0].(ua.Record); !ok || len(out) != 1 || rec.Record.B.Q850 != int(cause.UserBusy) {
		t.Fatalf("got %v", out)
	}
	if c.Counts() != (Counts{}) || !c.Deadline().IsZero() {
		t.Fatalf("left: %+v, deadline %v", c.Counts(), c.Deadline())
	}
}

// A description that is good for RTP may still aim RTCP at this host.
func TestForeignRTCP(t *testing.T) {
	c := bare(t)
	now := time.Unix(1000, 0)
	out := c.Handle(now, invite(c, "1002", 70), nil)
	n := sdp.Negotiated{Remote: addrPort("198.51.100.12:20000"), RemoteRTCP: addrPort("127.0.0.1:20001")}
	out = c.Handle(now, ua.LegEvent{Leg: out[0].(ua.Command).Leg, Event: leg.Answered{Negotiated: &n}}, nil)
	got := out[0].(ua.Media).Command.(relay.Configure).Spec
	if got.Remote != n.Remote || got.RemoteRTCP.IsValid() {
		t.Fatalf("configured %+v", got)
	}
}

// Two phones cannot share an address: whoever sends from it is the first.
func TestSharedContact(t *testing.T) {
	tenants := testTenants()
	tenants[0].Phones[1].Contact = tenants[0].Phones[0].Contact
	tenants[0].Phones[2].Contact = flow.Flow{Remote: addrBorder}
	c := New(Config{Source: rand.New(rand.NewPCG(1, 1)), Tenants: tenants, Seam: []flow.Flow{{Remote: addrBorder}}})
	if p, ok := c.Peer(tenants[0].Phones[0].Contact); !ok || string(c.phones[p-1].extension) != "1001" {
		t.Fatalf("peer %d %v", p, ok)
	}
	if p, ok := c.Peer(flow.Flow{Remote: addrBorder}); !ok || p != seamPeer {
		t.Fatal("a phone took the border's place")
	}
	if _, ok := c.Peer(flow.Flow{Listener: 1, Remote: addrBorder}); ok {
		t.Fatal("the border is known at the phones' listener")
	}
}

// What the media plane cannot do is the operator's to read.
func TestMediaFailed(t *testing.T) {
	c := bare(t)
	now := time.Unix(1000, 0)
	c.Handle(now, invite(c, "1002", 70), nil)
	out := c.Handle(now, ua.MediaEvent{Event: relay.Failed{Slot: relay.Slot{Index: 1, Epoch: 1}, Reason: "no such clip"}}, nil)
	if n, ok := out[0].(ua.Note); !ok || n.Level != ua.Warn {
		t.Fatalf("got %v", out)
	}
	if out := c.Handle(now, ua.MediaEvent{Event: relay.Failed{Slot: relay.Slot{Index: 1, Epoch: 2}}}, nil); len(out) != 0 {
		t.Fatalf("another lease's fault: %v", out)
	}
}
