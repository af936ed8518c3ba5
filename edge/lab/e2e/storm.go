package e2e

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"sekisho/edge/lab/siptest"
)

// The kinds of calls of a Storm.
const (
	Talk   = "talk"   // 183 and 200 back to back, ACK, BYE by the caller
	Cancel = "cancel" // rings, and is cancelled
	Busy   = "busy"   // 486
	Silent = "silent" // answered, and never acknowledged by the caller
)

// mix is the kinds of twenty calls in a row: 10 % are cancelled, 5 % busy, 5 %
// never acknowledged.
var mix = [20]string{3: Cancel, 7: Busy, 11: Silent, 13: Cancel}

// Kind is the kind of a storm's n-th call.
func Kind(n int) string { return cmp.Or(mix[n%len(mix)], Talk) }

// digits end the called number of a kind, by which the callee knows it.
var digits = map[string]int{Talk: 1, Cancel: 2, Busy: 3, Silent: 4}

// A Way is the direction of a storm's calls.
type Way string

// The two ways.
const (
	FromCarrier Way = "carrier to core"
	FromCore    Way = "core to carrier"
)

// Storm is many short calls of several kinds at once, all one way, each side
// behind a network of its own.
type Storm struct {
	Way         Way
	Calls, Rate int
	// Network is what becomes of the datagrams between each generator and the
	// product, both ways.
	Network siptest.Impairment
	Seed    uint64
	Name    string // of its files within the site's folder
}

// StormOutcome is what became of a Storm.
type StormOutcome struct {
	Caller, Callee Outcome
	// Passed is what the two networks did together.
	Passed siptest.ForwardCounts
	// Took is the time from the first call to the generators' ends, which stay
	// for what comes late.
	Took time.Duration
	// Sockets are the generators' own and those of the networks, to ask the
	// kernel for datagrams that found them full.
	Sockets []netip.AddrPort
}

// lossy reports whether messages may be missing or come in another order.
func (s *Storm) lossy() bool { return s.Network.Loss > 0 || s.Network.Reorder > 0 }

// linger is how long a generator stays with a call that is over, for what comes
// again: 64 T1 where anything can be lost.
func (s *Storm) linger() time.Duration {
	if s.lossy() {
		return 33 * time.Second
	}
	return 2 * time.Second
}

// Run places the calls. watch, if there is one, is called with the sockets of
// the trial once they are open. A call that failed is no error here.
func (s Storm) Run(ctx context.Context, site *Site, watch func([]netip.AddrPort)) (o StormOutcome, err error) {
	// The carrier's and the core's address, to the product, are those of the networks.
	ends := [2]end{{seen: site.Carrier, border: site.West}, {seen: site.Core, border: site.East}}
	for i := range ends {
		if err := ends[i].open(s, i); err != nil {
			return o, err
		}
		defer func(e *end) { err = errors.Join(err, e.network.Close()) }(&ends[i])
		o.Sockets = append(o.Sockets, ends[i].sipp, ends[i].seen, ends[i].network.Near())
	}
	if watch != nil {
		watch(o.Sockets)
	}
	caller, callee := &ends[0], &ends[1]
	if s.Way == FromCore {
		caller, callee = callee, caller
	}
	folder := filepath.Join(site.Folder, s.Name)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return o, err
	}
	calls := filepath.Join(folder, "calls.csv")
	if err := os.WriteFile(calls, []byte(s.list(site)), 0o644); err != nil {
		return o, err
	}
	// A call that nobody acknowledges ends after 64 T1.
	patience := time.Duration(s.Calls/s.Rate)*time.Second + 50*time.Second + s.linger()
	uas := SIPp{Scenario: "storm-callee", Folder: filepath.Join(folder, "callee"), Local: callee.sipp, Calls: s.Calls, Patience: patience, Extra: s.extra(callee)}
	uac := SIPp{
		Scenario: "storm-caller", Folder: filepath.Join(folder, "caller"), Local: caller.sipp, Remote: caller.network.Near(), Calls: s.Calls, Rate: s.Rate,
		Talk: 100 * time.Millisecond, Callers: calls, Patience: patience, Extra: s.extra(caller),
	}
	ctx, stop := context.WithCancel(ctx)
	var wait sync.WaitGroup
	defer wait.Wait()
	defer stop()
	var uasErr error
	wait.Go(func() { o.Callee, uasErr = uas.Run(ctx) })
	if err := AwaitBound(callee.sipp, 5*time.Second); err != nil {
		return o, err
	}
	began := time.Now()
	if o.Caller, err = uac.Run(ctx); err != nil {
		return o, err
	}
	wait.Wait()
	o.Took = time.Since(began)
	for _, e := range ends {
		for _, c := range e.network.Counts() {
			o.Passed.Add(c)
		}
	}
	return o, uasErr
}

// end is one generator and the network in front of it.
type end struct {
	sipp, seen, border netip.AddrPort
	network            *siptest.Forwarder
}

func (e *end) open(s Storm, i int) (err error) {
	if e.sipp, err = FreeUDP(Loopback()); err != nil {
		return err
	}
	e.network, err = siptest.Forward(siptest.ForwardConfig{
		Listen: netip.AddrPortFrom(e.sipp.Addr(), 0), Back: e.seen, To: e.border, From: e.sipp,
		Seed: 2*s.Seed + uint64(i), Impairment: s.Network,
	})
	return err
}

func (s *Storm) extra(e *end) []string {
	return []string{"-key", "seen", e.seen.String(), "-key", "media", e.seen.Addr().String(), "-key", "linger", strconv.FormatInt(s.linger().Milliseconds(), 10)}
}

// list is the calls in order, for sipp's -inf: a number that tells the callee
// what to do, from one mobile after the other.
func (s *Storm) list(site *Site) string {
	var b strings.Builder
	b.WriteString("SEQUENTIAL\n")
	byDigit := map[int][]Mobile{}
	for _, m := range site.Mobiles {
		byDigit[m.Extension%10] = append(byDigit[m.Extension%10], m)
	}
	for n := range s.Calls {
		kind := Kind(n)
		digit := digits[kind]
		if s.Way == FromCore {
			called := byDigit[digit][n%len(byDigit[digit])]
			fmt.Fprintf(&b, "%s;t1.example;sip:0300009009@t1.example;%s\n", called.MSISDN, kind)
			continue
		}
		caller := site.Mobiles[n%len(site.Mobiles)]
		fmt.Fprintf(&b, "8030000900%d;%s;sip:+81%s@docomo.test;%s\n", digit, site.West.Addr(), strings.TrimPrefix(caller.MSISDN, "0"), kind)
	}
	return b.String()
}
