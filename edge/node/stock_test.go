package node

import (
	"testing"

	"sekisho/media/engine"
	"sekisho/media/relay"
)

// lender has so many pairs for each worker.
type lender struct{ left []int }

func (l *lender) Borrow(r engine.Request, into []relay.Pair) []relay.Pair {
	for range min(r.Count, l.left[r.Worker]) {
		l.left[r.Worker]--
		into = append(into, relay.Pair{})
	}
	return into
}

// Where pairs are few, the shard that needs the last ones gets them: none lies
// in another's stock.
func TestLastPairsGoToWhoeverNeedsThem(t *testing.T) {
	const shards, pairs = 7, 10
	from := &lender{left: []int{pairs}}
	var stocks []*Stock
	for i := range shards {
		stocks = append(stocks, NewStock(from, uint32(i), 1, StockBlock(pairs, shards)))
	}
	if !stocks[3].Lease(make([]relay.Pair, 1)) || !stocks[5].Lease(make([]relay.Pair, 1)) {
		t.Fatal("no pair for an announcement")
	}
	calls := 0
	for i := range shards {
		if stocks[i].Lease(make([]relay.Pair, 2)) {
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
