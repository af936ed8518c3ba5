package e2e

import (
	"context"
	"net/netip"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// proxied are the dialogues that are played through a proxy too, and how many
// requests of a call the border must send along the route set: as callee of the
// carrier's calls, and as their caller.
var proxied = map[string]map[Way]map[string]int{
	"basic":               {FromCore: {"ACK": 1, "BYE": 1}},
	"bye by callee":       {FromCarrier: {"BYE": 1}, FromCore: {"ACK": 1}},
	"hold":                {FromCore: {"INVITE": 2, "ACK": 3, "BYE": 1}},
	"re-INVITE by callee": {FromCarrier: {"INVITE": 1, "ACK": 1, "BYE": 1}, FromCore: {"ACK": 1}},
	"late offer":          {FromCore: {"ACK": 1, "BYE": 1}},
	"PRACK by callee":     {FromCore: {"PRACK": 1, "ACK": 1, "BYE": 1}},
	"cancel":              {},
	"486":                 {},
}

// TestProxy places Kamailio between the carrier and the border. Calls go both
// ways through it, and what belongs to them follows the route set.
func TestProxy(t *testing.T) {
	Need(t, "sipp", "kamailio")
	NeedTime(t, "each dialogue is three processes and some seconds")
	t.Parallel()
	for name, ways := range proxied {
		i := slices.IndexFunc(dialogues, func(d dialogue) bool { return d.name == name })
		for _, way := range []Way{FromCarrier, FromCore} {
			t.Run(name+"/"+string(way), func(t *testing.T) {
				t.Parallel()
				speakThrough(t, dialogues[i], way, ways[way])
			})
		}
	}
}

func speakThrough(t *testing.T, d dialogue, way Way, routed map[string]int) {
	site, err := NewDialogueSite(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	peer, err := FreeUDP(site.Carrier.Addr(), site.Carrier) // where media may come from
	if err != nil {
		t.Fatal(err)
	}
	// To the border, the proxy is the carrier.
	proxy, err := StartKamailio(context.WithoutCancel(t.Context()), filepath.Join(site.Folder, "proxy"), site.Carrier, site.West, peer)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := proxy.Stop(); err != nil {
			t.Error(err)
		}
	})
	speakAt(t, d, way, site, func(carrier *SIPp, way Way) {
		carrier.Local = peer
		if way == FromCarrier {
			carrier.Remote = site.Carrier
		}
	})
	deadline := time.Now().Add(2 * time.Second)
	for method, each := range routed {
		for proxy.Routed(method, site.West.Addr()) < each*dialogueCalls && time.Now().Before(deadline) {
			time.Sleep(20 * time.Millisecond)
		}
		if n := proxy.Routed(method, site.West.Addr()); n < each*dialogueCalls {
			t.Errorf("%d %s of the border were sent along the route set, want %d", n, method, each*dialogueCalls)
		}
	}
	if t.Failed() {
		t.Logf("the proxy said:\n%s", proxy.Said())
	}
}

// TestRoutedCounts: only what was said is counted.
func TestRoutedCounts(t *testing.T) {
	var k Kamailio
	at := netip.MustParseAddr("127.0.0.1")
	k.said.keep([]byte(" 1(7) ALERT: <script>: routed BYE from 127.0.0.1\n 1(7) ALERT: <script>: routed BYE from 127.0.0.12\n routed ACK from 127.0.0.1\n"))
	if k.Routed("BYE", at) != 1 || k.Routed("ACK", at) != 1 || k.Routed("INVITE", at) != 0 {
		t.Errorf("counted %d, %d, %d", k.Routed("BYE", at), k.Routed("ACK", at), k.Routed("INVITE", at))
	}
}
