package node

import "time"

// Drain lets no call begin in this instance any more, whoever places it; OPTIONS are
// answered 503, so that peers turn to another instance. Calls that stand go on
// until they end by themselves; State tells how many there are. It returns when
// every shard knows.
func (n *Node) Drain() {
	n.border.each(func(i int, _ time.Time) { n.borders[i].Drain() })
	n.core.each(func(i int, _ time.Time) { n.cores[i].Drain() })
}
