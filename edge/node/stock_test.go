package node

import (
	"net/netip"
	"testing"

	"sekisho/media/engine"
	"sekisho/media/relay"
)

// lender has so many pairs for each worker.
type lender struct{ left []int }

func (l *lender) Borrow(r engine.Request, into []relay.Pair) []relay.Pair {
	for range min(r.Count, l.left[r.Worker]) {
		l.left[r.Worker]--
		into = append(into, relay.Pair{Addr: netip.AddrPortFrom(addresses()[r.Address], uint16(20000+2*l.left[r.Worker]))})
	}
	return into
}

func addresses() []netip.Addr {
	return []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("192.0.2.2")}
}

// Each leg gets an address of its own family, and those of one family take
// turns.
func TestAddressOfTheLegsFamily(t *testing.T) {
	local := addresses()
	s := NewStock(&lender{left: []int{100}}, StockConfig{Workers: 1, Addresses: local, Block: 4})
	v4, v6 := netip.MustParseAddr("198.51.100.1"), netip.MustParseAddr("2001:db8::9")
	seen := map[netip.Addr]int{}
	for range 6 {
		var pairs [2]relay.Pair
		if !s.Lease(pairs[:], []netip.Addr{v4, v6}) {
			t.Fatal("no pairs")
		}
		if !pairs[0].Addr.Addr().Is4() || !pairs[1].Addr.Addr().Is6() {
			t.Fatalf("pairs at %v and %v", pairs[0].Addr, pairs[1].Addr)
		}
		seen[pairs[0].Addr.Addr()]++
	}
	if seen[local[0]] == 0 || seen[local[2]] == 0 {
		t.Errorf("addresses do not take turns: %v", seen)
	}
}

// A call that cannot have all its pairs gets none, and none is lost.
func TestAllOrNone(t *testing.T) {
	local := addresses()[:1]
	s := NewStock(&lender{left: []int{3}}, StockConfig{Workers: 1, Addresses: local, Block: 1})
	both := []netip.Addr{local[0], local[0]}
	if !s.Lease(make([]relay.Pair, 2), both) || s.Lease(make([]relay.Pair, 2), both) {
		t.Fatal("want one call of the three pairs")
	}
	if s.Held() != 1 || !s.Lease(make([]relay.Pair, 1), local) {
		t.Fatalf("the third pair is lost, %d held", s.Held())
	}
}

// Where pairs are few, the shard that needs the last ones gets them: none lies
// in another's stock.
func TestLastPairsGoToWhoeverNeedsThem(t *testing.T) {
	const shards, pairs = 7, 10
	local := addresses()
	from := &lender{left: []int{pairs}}
	var stocks []*Stock
	for i := range shards {
		stocks = append(stocks, NewStock(from, StockConfig{
			Owner: uint32(i), Workers: 1, Addresses: local[:1], Block: StockBlock(pairs, shards),
		}))
	}
	if !stocks[3].Lease(make([]relay.Pair, 1), local) || !stocks[5].Lease(make([]relay.Pair, 1), local) {
		t.Fatal("no pair for an announcement")
	}
	calls := 0
	for i := range shards {
		if stocks[i].Lease(make([]relay.Pair, 2), []netip.Addr{local[0], local[0]}) {
			calls++
		}
	}
	if want := (pairs - 2) / 2; calls != want {
		t.Errorf("%d calls have pairs, want %d", calls, want)
	}
}

func TestStockBlock(t *testing.T) {
	for _, c := range []struct{ free, stocks, want int }{
		{0, 1, 1}, {100, 7, 1}, {5000, 4, 16}, {5000, 256, 1}, {20000, 256, 4},
	} {
		got := StockBlock(c.free, c.stocks)
		if got != c.want {
			t.Errorf("StockBlock(%d, %d) = %d, want %d", c.free, c.stocks, got, c.want)
		}
		if idle := (got - 1) * c.stocks; idle > c.free/16 {
			t.Errorf("of %d pairs %d may lie idle", c.free, idle)
		}
	}
}

// A worker keeps ready what all shards may borrow at once, twice, so that a
// stock that is filled again never waits for a bind (engine.Config.Stock).
func TestEngineStock(t *testing.T) {
	for shards, want := range map[int]int{1: 256, 8: 256, 9: 288, 64: 2048} {
		if got := EngineStock(shards); got != want {
			t.Errorf("EngineStock(%d) = %d, want %d", shards, got, want)
		}
	}
}
