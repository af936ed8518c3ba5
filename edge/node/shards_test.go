package node

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sekisho/edge/config"
	"sekisho/edge/lab/carrier"
	"sekisho/edge/ops"
	"sekisho/edge/sip/ua"
	"sekisho/policy"
)

// shardSite is one tenant with a mobile of each of two carriers; %s are the
// carriers' addresses. Every port is free.
const shardSite = `
border:
  listen:
    west: {sip: "udp:127.0.0.1:0"}
    east: {sip: "udp:127.0.0.1:0"}
  media: {addresses: [127.0.0.1], ports: 20000-29999}
core:
  mode: embedded
  listen: east
  seam: ["udp:127.0.0.1:0"]
  media: {addresses: [127.0.0.1], ports: 30000-31999}
trunks:
  docomo: {profile: docomo, role: mobile, listen: west, to: ["udp:%[1]s"], from: ["127.0.0.1/32:%[2]d"], media_prefixes: [127.0.0.1/32]}
  au: {profile: au, role: mobile, listen: west, to: ["udp:%[3]s"], from: ["127.0.0.1/32:%[4]d"], media_prefixes: [127.0.0.1/32]}
tenants:
  t1:
    domain: t1.example
    default_number: "0300000100"
    channels: 100
    mobiles:
      2001: {msisdn: "09000002001", carrier: docomo}
      2002: {msisdn: "09000002002", carrier: au}
`

// instance is a running node between two carriers.
type instance struct {
	node       *Node
	docomo, au *carrier.Exchange
}

// open starts an instance; change is made to its configuration first.
func open(t *testing.T, shards int, change func(*config.Config)) *instance {
	t.Helper()
	in := &instance{docomo: exchange(t, carrier.Docomo()), au: exchange(t, carrier.AU())}
	one, other := in.docomo.Addr(), in.au.Addr()
	c, err := config.Parse("shards", fmt.Appendf(nil, shardSite, one, one.Port(), other, other.Port()))
	if err != nil {
		t.Fatal(err)
	}
	c.Border.Media.Ports, c.Core.Media.Ports = config.PortRange{}, config.PortRange{} // the system's choice
	change(c)
	c.Metrics.Listen = netip.MustParseAddrPort("127.0.0.1:0")
	if in.node, err = Open(c, Options{Shards: shards, Workers: 2}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.node.Close(); err != nil {
			t.Error(err)
		}
	})
	in.docomo.SetBorder(in.node.Sockets().Border[0])
	in.au.SetBorder(in.node.Sockets().Border[0])
	in.au.Answer(func(carrier.Incoming) carrier.Behaviour { return carrier.Answers(0, 0) })
	return in
}

func exchange(t *testing.T, s carrier.Style) *carrier.Exchange {
	t.Helper()
	e, err := carrier.Open(carrier.Config{Name: s.Domain, Bind: netip.MustParseAddrPort("127.0.0.1:0"), Style: s})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

// call places one call and sees it through.
func (in *instance) call(ctx context.Context) error {
	c := in.docomo.Dial(carrier.Dial{From: "09000002001", To: "82002"})
	if err := c.Wait(ctx, carrier.Answered); err != nil {
		return fmt.Errorf("%w: %+v", err, c.Result())
	}
	c.HangUp()
	return c.Wait(ctx, carrier.Ended)
}

// TestShardsUnderLoad runs some hundred calls over four shards and real
// sockets, while what they hold is asked for over and over; under the race
// detector it proves that shards share nothing unguarded. Whatever a shard has
// counted must be in the sum, and no shard may have been asked for a dialog
// that it does not hold.
func TestShardsUnderLoad(t *testing.T) {
	t.Parallel()
	const shards, callers, each = 4, 20, 12
	const calls = callers * each
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	in := open(t, shards, func(*config.Config) {})
	var asking, calling sync.WaitGroup
	over := make(chan struct{})
	asking.Go(func() {
		again := time.NewTicker(5 * time.Millisecond)
		defer again.Stop()
		for {
			select {
			case <-over:
				return
			case <-again.C:
			}
			if _, err := in.node.State(ctx); err != nil {
				t.Error(err)
				return
			}
			scrape(ctx, t, in.node.Metrics())
		}
	})
	for range callers {
		calling.Go(func() {
			for range each {
				if err := in.call(ctx); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	calling.Wait()
	close(over)
	asking.Wait()
	if t.Failed() {
		return
	}
	// Each call passes the border twice: from docomo to the core, and on to au.
	held := in.rest(ctx, t, func(s ops.State) bool {
		return s.Calls == 0 && s.Legs == 0 && s.Ports.Leased == 0 && s.Records == 2*calls
	})
	if held.Attempts != 2*calls || held.Answered != 2*calls || held.Panics != 0 {
		t.Errorf("of %d attempts and answers: %+v", 2*calls, held)
	}
	if len(held.Peers) != 3 || len(held.SIP) != 2 || !held.Peers[2].Up || held.Peers[2].Trunk != "core" ||
		held.SIP[0] != (ops.Signalling{Application: "border"}) {
		t.Errorf("peers and signalling: %+v", held)
	}
	var attempts []uint64
	sum := uint64(0)
	for _, shard := range in.tallies() {
		attempts = append(attempts, shard.attempts)
		sum += shard.attempts
		if c := shard.counts; c.Unmatched+c.Strangers+c.Transactions.Strays+c.Transactions.Foreign > 0 {
			t.Errorf("a shard was asked for what is not its own: %+v", c)
		}
	}
	if len(attempts) != shards || slices.Min(attempts) == 0 || sum != held.Attempts {
		t.Errorf("shards tried %v, in sum %d", attempts, held.Attempts)
	}
	text := scrape(ctx, t, in.node.Metrics())
	for _, line := range []string{
		fmt.Sprintf("sekisho_calls_total{trunk=\"docomo\",direction=\"inbound\",result=\"answered\"} %d", calls),
		fmt.Sprintf("sekisho_records_total %d", 2*calls),
		"sekisho_calls 0", "sekisho_panics_total 0",
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("metrics have no line %q:\n%s", line, text)
		}
	}
}

// The shards of a node share its limits: of twelve calls at once a trunk that may
// bring five a second brings five, and what the time they took allows, not five
// for each shard.
func TestShardsShareLimits(t *testing.T) {
	t.Parallel()
	const shards, calls, rate = 4, 12, 5
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	in := open(t, shards, func(c *config.Config) { c.Trunks[0].Limits.CPS = rate })
	begin := time.Now()
	var placed [calls]*carrier.Call
	for i := range placed {
		placed[i] = in.docomo.Dial(carrier.Dial{From: "09000002001", To: "82002"})
	}
	answered := 0
	for _, c := range placed {
		if c.Wait(ctx, carrier.Answered) == nil {
			answered++
			c.HangUp()
		} else if status := c.Result().Status; status != 503 {
			t.Errorf("refused with %d, want 503", status)
		}
	}
	if most := rate + 1 + int(rate*time.Since(begin).Seconds()); answered < rate || answered > most {
		t.Errorf("%d calls were answered, want %d to %d", answered, rate, most)
	}
}

// rest waits until what is held is as wanted.
func (in *instance) rest(ctx context.Context, t *testing.T, wanted func(ops.State) bool) ops.State {
	t.Helper()
	pause := time.NewTicker(10 * time.Millisecond)
	defer pause.Stop()
	for {
		held, err := in.node.State(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if wanted(held) {
			return held
		}
		select {
		case <-pause.C:
		case <-ctx.Done():
			t.Fatalf("held: %+v", held)
		}
	}
}

// tally is what one shard of the border has seen.
type tally struct {
	attempts uint64
	counts   ua.Counts
}

// tallies asks each shard of the border.
func (in *instance) tallies() (list []tally) {
	for i, box := range in.node.border.inboxes {
		told := make(chan tally)
		box.Ask(func(_ time.Time, u *ua.UA) []ua.Action {
			told <- tally{in.node.borders[i].Counts().Attempts, u.Counts()}
			return nil
		})
		list = append(list, <-told)
	}
	return list
}

// scrape returns what is served at /metrics.
func scrape(ctx context.Context, t *testing.T, at string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+at+"/metrics", nil)
	if err != nil {
		t.Error(err)
		return ""
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Error(err)
	}
	return string(text)
}

// The limits of a trunk are those of all shards together, and each call gives
// its place back to all: RFC 3261 knows no shards, and neither does a contract.
func TestGateIsShared(t *testing.T) {
	const shards, limit, each = 4, 10, 50
	g := NewGate(&config.Config{Trunks: []config.Trunk{{Limits: config.Limits{Calls: limit}}}})
	now := time.Now()
	var shares [shards]*Share
	var loops sync.WaitGroup
	for i := range shares {
		shares[i] = g.Share()
		loops.Go(func() {
			for call := range uint64(each) {
				shares[i].Admit(now, call, 0, policy.NoTenant)
			}
		})
	}
	loops.Wait()
	held := 0
	for _, s := range shares {
		held += s.Held()
	}
	if held != limit {
		t.Fatalf("%d calls admitted, the limit is %d", held, limit)
	}
	for _, s := range shares {
		for call := range uint64(each) {
			s.Leave(call)
			s.Leave(call) // a second time does no harm
		}
	}
	for call := range uint64(limit) {
		if r := shares[0].Admit(now, call, 0, policy.NoTenant); r != policy.NoReason {
			t.Errorf("call %d after all had left: %v", call, r)
		}
	}
	if r := shares[1].Admit(now, 0, 0, policy.NoTenant); r != policy.CallLimit {
		t.Errorf("one more: %v", r)
	}
}
