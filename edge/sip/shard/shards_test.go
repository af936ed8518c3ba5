package shard

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"sekisho/edge/sip/callid"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/transport"
	"sekisho/edge/sip/ua"
)

// pair is two loops behind one transport.
type pair struct {
	road  *transport.Transport
	loops [2]*end
}

func openPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{}
	for i := range p.loops {
		p.loops[i] = &end{box: NewInbox(1), app: &app{told: make(chan leg.Event, 256)}}
	}
	road, err := transport.Open(transport.Config{
		Listeners: []transport.Listen{{
			Bind:    netip.MustParseAddrPort("127.0.0.1:0"),
			Sources: []transport.Source{{Prefix: netip.MustParsePrefix("127.0.0.0/8")}},
		}},
		Shards: len(p.loops), Key: callid.Key{}, Scan: header.CallID,
		Deliver: func(shard int, b *transport.Batch) bool { return p.loops[shard].box.Deliver(b) },
	})
	if err != nil {
		t.Fatal(err)
	}
	p.road = road
	for i, e := range p.loops {
		e.road, e.app.self = road, road.Addr(0)
		e.loop = Run(Config{UA: machine(e.app, uint64(10+i)), Send: road.Send}, e.box)
	}
	t.Cleanup(func() {
		road.Close()
		for _, e := range p.loops {
			e.loop.Close()
		}
	})
	return p
}

// callIDs returns n Call-IDs that belong to a shard of two.
func callIDs(shard, n int) (ids []string) {
	for i := 0; len(ids) < n; i++ {
		id := fmt.Sprintf("%d@a.example", i)
		if callid.Shard(callid.Key{}.OfString(id), 2) == shard {
			ids = append(ids, id)
		}
	}
	return ids
}

// A shard that does not come to its inbox loses messages of its own calls, and
// they are counted; the reader goes on, and the calls of another shard are
// answered as ever. What was lost is sent again (RFC 3261 §17.1.1.2), so that
// even the calls of the slow shard stand in the end.
func TestFullInboxIsOneShards(t *testing.T) {
	p, caller := openPair(t), open(t, 1)
	stuck, release := make(chan struct{}), make(chan struct{})
	p.loops[0].box.Ask(func(time.Time, *ua.UA) []ua.Action {
		close(stuck)
		<-release
		return nil
	})
	<-stuck
	flood(t, p.road, callIDs(0, 1)[0])

	slow, quick := callIDs(0, 2)[1], callIDs(1, 5)
	call := func(ids ...string) {
		caller.ask(func(*ua.UA) (all []ua.Action) {
			for _, id := range ids {
				all = append(all, dial(caller.app.legs.Next(), "0300009001", id, caller.app.self, p.road.Addr(0)))
			}
			return all
		})
	}
	call(slow)
	call(quick...)
	for range quick {
		caller.until(t, answered)
		p.loops[1].until(t, acked)
	}
	select {
	case ev := <-p.loops[0].app.told:
		t.Fatalf("the shard that is stuck was told %T", ev)
	default:
	}
	close(release)
	caller.until(t, answered)
	p.loops[0].until(t, acked)
}

// flood sends to one shard until a message of its own is dropped.
func flood(t *testing.T, road *transport.Transport, callID string) {
	t.Helper()
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(road.Addr(0)))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	give := time.Now().Add(10 * time.Second)
	for i := 0; road.Counters(0).Dropped[transport.DropQueueFull] == 0; i++ {
		if time.Now().After(give) {
			t.Fatal("nothing was dropped")
		}
		if _, err := fmt.Fprintf(c, "ACK sip:2001@b.example SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%d\r\n"+
			"From: <sip:a@a.example>;tag=1\r\nTo: <sip:b@b.example>\r\nCall-ID: %s\r\nCSeq: 1 ACK\r\nMax-Forwards: 70\r\n"+
			"Content-Length: 0\r\n\r\n", c.LocalAddr(), i, callID); err != nil {
			t.Fatal(err)
		}
	}
}
