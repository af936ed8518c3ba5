package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"sync"
	"time"

	"sekisho/edge/lab/e2e"
	"sekisho/edge/lab/siptest"
)

// stormPlan is what a run of storms measures.
type stormPlan struct {
	calls, rate   int
	loss, reorder float64 // of the second network; the first is clean
	seed          uint64
	keep          string
}

// How much more the heap may hold than after the first storm, which is measured by
// its calls (e2e.HeapSlack), and how long after its end the process may take to
// come back to where it started: 32 s for what lingers, and a moment.
const (
	stormHeapSlack = 8 << 20
	stormRecovery  = 60 * time.Second
)

// runStorm is `bench storm`. Its result is run's.
func runStorm(args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet("bench storm", flag.ContinueOnError)
	f.SetOutput(stderr)
	var p stormPlan
	f.IntVar(&p.calls, "calls", 20_000, "calls of each storm")
	f.IntVar(&p.rate, "rate", 1000, "calls a second")
	f.Float64Var(&p.loss, "loss", 0.02, "share of datagrams that the bad network loses, each way on each side")
	f.Float64Var(&p.reorder, "reorder", 0.05, "share that it holds back for up to 20 ms")
	f.Uint64Var(&p.seed, "seed", 1, "of the networks")
	f.StringVar(&p.keep, "keep", "", "leave the files of the run in a new folder within `DIR`")
	record := f.String("record", "", "also append the report to `FILE`")
	if err := f.Parse(args); err != nil {
		return 2
	}
	if f.NArg() > 0 || p.calls < 20 || p.rate < 1 || p.loss <= 0 || p.loss >= 1 || p.reorder < 0 || p.reorder >= 1 {
		fmt.Fprintln(stderr, "bench storm: calls of at least 20, a rate of at least 1, shares from 0 to 1, and nothing else")
		return 2
	}
	return carried("bench storm", *record, stdout, stderr, func(ctx context.Context, w io.Writer) (bool, error) { return measureStorm(ctx, p, w) })
}

// measureStorm places five storms on one process: a smaller one first, then each
// way on a clean network and on a bad one. sound is false when a call was lost, or something is left.
func measureStorm(ctx context.Context, p stormPlan, w io.Writer) (sound bool, err error) {
	s, err := openSIPpShop(ctx, p.keep)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	s.conditions.write(w)
	site, product, err := s.start(ctx, "storm")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, product.Stop(15*time.Second)) }()
	fmt.Fprintf(w, "\n%d calls at %d calls/s of each storm: 80 %% talk for 0.1 s after 183 and 200 back to back, 10 %% are cancelled, 5 %% busy,\n"+
		"5 %% never acknowledged; two port pairs a call that rest for 2 s at least, %d descriptors; each side behind a forwarder of our own, one process for all\n",
		p.calls, p.rate, s.conditions.descriptors)
	if _, err := product.Debug(); err != nil { // what the first look costs stays
		return false, err
	}
	before, err := product.Debug()
	if err != nil {
		return false, err
	}
	stormHead(w)
	heldRow(w, "at the start", before)
	// What tables and pools grow to is known after a first storm, and does not grow
	// with the number of calls from there on.
	slack := e2e.HeapSlack(p.storms()[0].Calls)
	sound = true
	for i, s := range p.storms() {
		r, err := stormRound(ctx, s, site, product)
		if err != nil {
			return false, fmt.Errorf("%s: %w\nthe product said:\n%s", s.Name, err, product.Said())
		}
		r.row(w, s)
		after, err := product.AtRest(before, slack, stormRecovery)
		if err != nil {
			r.faults = append(r.faults, err.Error())
		}
		heldRow(w, "afterwards", after)
		for _, f := range r.faults {
			fmt.Fprintf(w, "FAULT: storm %d: %s\n", i, f)
			sound = false
		}
		if i == 0 {
			before.Heap, slack = after.Heap, stormHeapSlack
		}
	}
	return sound, nil
}

func (p stormPlan) storms() []e2e.Storm {
	all := []e2e.Storm{{Way: e2e.FromCarrier, Calls: min(p.calls, max(5000, p.calls/4)), Rate: p.rate, Seed: p.seed, Name: "storm-0"}}
	for _, network := range []siptest.Impairment{{}, {Loss: p.loss, Reorder: p.reorder}} {
		for _, way := range []e2e.Way{e2e.FromCarrier, e2e.FromCore} {
			all = append(all, e2e.Storm{
				Way: way, Calls: p.calls, Rate: p.rate, Network: network, Seed: p.seed, Name: fmt.Sprintf("storm-%d", len(all)),
			})
		}
	}
	return all
}

// stormResult is what one storm has shown.
type stormResult struct {
	e2e.StormOutcome
	faults []string
	rate   float64 // that the border saw, by its records
	spent  cpu
	rss    int // the most that was seen
	// full counts datagrams that found a socket full: the border's, and those
	// of generators and networks.
	full [2]int
}

// stormRound places one storm and judges it.
func stormRound(ctx context.Context, s e2e.Storm, site *e2e.Site, product *e2e.Instance) (r stormResult, err error) {
	old, err := e2e.ReadRecords(site.Records())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return r, err
	}
	before, err := readCPU(product.PID())
	if err != nil {
		return r, err
	}
	looking, stop := context.WithCancel(ctx)
	defer stop()
	var others sync.WaitGroup
	defer others.Wait()
	var rssErr, fullErr error
	others.Go(func() { r.rss, rssErr = peak(looking, product.PID()) })
	r.StormOutcome, err = s.Run(ctx, site, func(sockets []netip.AddrPort) {
		others.Go(func() { r.full, fullErr = watchFull(looking, [2][]netip.AddrPort{{site.West, site.East}, sockets}) })
	})
	stop()
	others.Wait()
	after, cpuErr := readCPU(product.PID())
	if err := errors.Join(err, cpuErr, rssErr, fullErr); err != nil {
		return r, err
	}
	r.spent = after.minus(before)
	all, err := e2e.ReadRecords(site.Records())
	if err != nil {
		return r, err
	}
	records := all[len(old):]
	r.rate, r.faults = e2e.Held(records), s.Judge(r.StormOutcome, records)
	return r, nil
}

// watchFull counts what finds two sets of sockets full until ctx is done. What a
// closed socket had counted is gone, so they are looked at while they live.
func watchFull(ctx context.Context, sets [2][]netip.AddrPort) (full [2]int, err error) {
	var first [2]int
	for begun := false; ; begun = true {
		for i, sockets := range sets {
			n, err := readOverrun(sockets...)
			if err != nil {
				return full, err
			}
			if !begun {
				first[i] = n
			}
			full[i] = max(full[i], n-first[i])
		}
		select {
		case <-ctx.Done():
			return full, nil
		case <-time.After(time.Second):
		}
	}
}

func stormHead(w io.Writer) {
	fmt.Fprintf(w, "  %-16s %5s %6s %7s %6s %10s %7s %6s %6s %8s %9s %7s %8s %8s %6s %8s %8s %8s\n", "storm", "loss", "calls", "calls/s", "failed", "unexpected",
		"no 18x", "resent", "resent", "lost", "held back", "overrun", "overrun", "us/call", "user", "caller", "callee", "RSS MiB")
	fmt.Fprintf(w, "  %-16s %5s %6s %7s %6s %10s %7s %6s %6s %8s %9s %7s %8s %8s %6s %8s %8s %8s\n", "", "", "", "", "", "",
		"", "caller", "callee", "", "", "border", "others", "border", "border", "us/call", "us/call", "border")
}

func (r *stormResult) row(w io.Writer, s e2e.Storm) {
	each := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(s.Calls) }
	fmt.Fprintf(w, "  %-16s %4.0f%% %6d %7.0f %6d %10d %7d %6d %6d %8d %9d %7d %8d %8.0f %6.0f %8.0f %8.0f %8.1f\n",
		s.Way, s.Network.Loss*100, r.Caller.Created, r.rate, r.Caller.Failed+r.Callee.Failed, r.Caller.Unexpected+r.Callee.Unexpected, r.Caller.Unrung,
		r.Caller.Retransmitted, r.Callee.Retransmitted, r.Passed.Lost, r.Passed.Delayed, r.full[0], r.full[1],
		each(r.spent.sum()), each(r.spent.user), each(r.Caller.CPU), each(r.Callee.CPU), float64(r.rss)/(1<<20))
}

// heldRow shows what the process holds, with garbage collected.
func heldRow(w io.Writer, name string, d e2e.Debug) {
	fmt.Fprintf(w, "  %-16s calls %d, legs %d, transactions %d, ports leased %d, resting %d, goroutines %d, descriptors %d, heap %.1f MiB\n",
		name, d.Calls, d.Legs, d.Transactions, d.Ports.Leased, d.Ports.Quarantined, d.Goroutines, d.Descriptors, float64(d.Heap)/(1<<20))
}
