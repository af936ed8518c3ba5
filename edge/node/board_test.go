package node

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"sekisho/edge/config"
	"sekisho/edge/trunk"
)

// What one shard has learnt holds for all, at once, and the flag that spares
// them the lock never hides it.
func TestBoardIsShared(t *testing.T) {
	c, err := config.Parse("sample", config.Sample())
	if err != nil {
		t.Fatal(err)
	}
	c.Trunks[0].To = append(c.Trunks[0].To, netip.MustParseAddrPort("127.0.0.1:6009"))
	at := Sockets{Seam: c.Core.Seam, Border: []netip.AddrPort{c.Border.Listeners[0].Bind, c.Border.Listeners[1].Bind}}
	b, now := NewBoard(c, at, rand.New(rand.NewPCG(1, 2))), time.Unix(1000, 0)
	order := func() []int { return b.Order(now, 0, nil) }
	if !slices.Equal(order(), []int{0, 1}) || len(b.States(now)) != 6 {
		t.Fatalf("order %v of %+v", order(), b.States(now))
	}
	var shards sync.WaitGroup
	for range 3 { // down_after
		shards.Go(func() {
			b.Missed(now, trunk.PeerID{Group: 0, Place: 0})
			b.Available(now, 1)
		})
	}
	shards.Wait()
	if !slices.Equal(order(), []int{1}) || !b.Available(now, 0) {
		t.Fatalf("order %v", order())
	}
	// Calls are counted whether or not anything is held against anybody.
	b.Answered(now, trunk.PeerID{Group: 0, Place: 1})
	if n := b.Answers(trunk.PeerID{Group: 0, Place: 1}); n != 1 {
		t.Fatalf("%d calls answered", n)
	}
	b.Pause(now, trunk.PeerID{Group: 0, Place: 1}, time.Second)
	if b.Available(now, 0) || !b.Available(now, 1) || b.Available(now, 0) {
		t.Fatal("both peers are out of use")
	}
	now = now.Add(2 * time.Second)
	if !slices.Equal(order(), []int{1}) {
		t.Fatalf("order %v: the pause is over, the other is down", order())
	}
	for range 2 { // up_after
		b.Probed(now, trunk.PeerID{Group: 0, Place: 0}, 200)
	}
	if !slices.Equal(order(), []int{0, 1}) {
		t.Fatalf("order %v", order())
	}
}
