package node

import (
	"net/netip"
	"testing"

	"sekisho/edge/config"
)

// TestTrunkRates: a trunk with a limit of calls has one of datagrams, whose
// size grows with it; one without has none.
func TestTrunkRates(t *testing.T) {
	from := func(s string) []config.Source { return []config.Source{{Prefix: netip.MustParsePrefix(s), Port: 5060}} }
	n := &Node{cfg: &config.Config{Trunks: []config.Trunk{
		{From: from("192.0.2.1/32")},
		{From: from("192.0.2.2/32"), Limits: config.Limits{CPS: 2}},
		{From: append(from("192.0.2.3/32"), from("198.51.100.0/24")...), Limits: config.Limits{CPS: 100}},
		{From: from("192.0.2.4/32"), Listener: 1},
	}}}
	got := n.trunkSources(0)
	want := []int{0, 250, 2500, 2500}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i := range want {
		if got[i].Rate != want[i] || got[i].Port != 5060 {
			t.Errorf("source %d: %+v, want %d a second", i, got[i], want[i])
		}
	}
}
