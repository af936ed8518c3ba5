package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"sekisho/edge/lab/e2e"
)

// trial is where runs of the binary take place.
type trial struct{ folder, binary string }

// round is what calls at one rate have shown.
type round struct {
	carrier, core e2e.Outcome
	spent         cpu    // by the border process
	crowd         string // the machine's load average over the last minute
	wall          time.Duration
	setup         setup
	// overrun counts the datagrams that found the border's SIP sockets full.
	overrun int
}

// load places calls at a rate, in rounds against one process. The first round
// binds the media ports and is not counted. Each call is INVITE, 100, 180, 200,
// ACK, BYE, 200 on both legs.
func (t trial) load(ctx context.Context, p plan, w io.Writer) (sound bool, err error) {
	site, product, err := t.start(ctx, "load")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, product.Stop(15*time.Second)) }()
	fmt.Fprintf(w, "\nCPU of the border process per call, %d calls/s for %v, no media, records on\n", p.rate, p.length)
	fmt.Fprintf(w, "  %-6s %6s %7s %6s %10s %6s %7s %8s %5s %6s %12s %6s %6s %13s %6s\n", "round", "calls", "calls/s", "failed", "unexpected",
		"resent", "overrun", "us/call", "user", "system", "setup ms p50", "p99", "max", "border cores", "load")
	var perCall, p50, p99 []float64
	sound = true
	for i := range p.rounds + 1 {
		r, err := calls(ctx, product, site, order{
			name: fmt.Sprintf("load-%d", i), calls: p.rate * int(p.length/time.Second), rate: p.rate, ring: p.ring, talk: p.talk,
		})
		if err != nil {
			return false, err
		}
		name := "(warm)"
		if i > 0 {
			name = fmt.Sprint(i)
			perCall, p50, p99 = append(perCall, r.micros(r.spent.sum())), append(p50, r.setup.at(0.5)), append(p99, r.setup.at(0.99))
		}
		r.row(w, name)
		sound = sound && r.sound()
		if err := settle(ctx, product); err != nil {
			return false, err
		}
	}
	fmt.Fprintf(w, "median of %d rounds: %.0f us a call; set up in %.0f ms (p50), %.0f ms (p99)\n", p.rounds, median(perCall), median(p50), median(p99))
	return sound, nil
}

func (t trial) start(ctx context.Context, name string) (*e2e.Site, *e2e.Instance, error) {
	folder, err := makeFolder(t.folder, name)
	if err != nil {
		return nil, nil, err
	}
	site, err := e2e.NewSite(folder, 50)
	if err != nil {
		return nil, nil, err
	}
	product, err := e2e.Start(ctx, t.binary, site)
	return site, product, err
}

// order is one run of both generators.
type order struct {
	name        string
	calls, rate int
	ring, talk  time.Duration // zero is 0.2 s, and a second
}

// calls runs both generators to their end and returns what that has cost.
func calls(ctx context.Context, product *e2e.Instance, site *e2e.Site, o order) (round, error) {
	var r round
	patience := time.Duration(o.calls/o.rate)*time.Second + o.talk + time.Minute
	uas := e2e.SIPp{
		Scenario: "core", Folder: filepath.Join(site.Folder, o.name+"-core"), Local: site.Core,
		Calls: o.calls, Ring: o.ring, Patience: patience,
	}
	uac := e2e.SIPp{
		Scenario: "carrier", Folder: filepath.Join(site.Folder, o.name+"-carrier"), Local: site.Carrier, Remote: site.West,
		Calls: o.calls, Rate: o.rate, Talk: o.talk, Callers: site.Callers(), Patience: patience,
		Extra: []string{"-trace_rtt", "-rtt_freq", "100"},
	}
	var wait sync.WaitGroup
	var uasErr error
	wait.Go(func() { r.core, uasErr = uas.Run(ctx) })
	defer wait.Wait()
	if err := e2e.AwaitBound(site.Core, 5*time.Second); err != nil {
		return r, err
	}
	began := time.Now()
	before, err := readCPU(product.PID())
	if err != nil {
		return r, err
	}
	lost, err := readOverrun(site.West, site.East)
	if err != nil {
		return r, err
	}
	r.carrier, err = uac.Run(ctx)
	after, cpuErr := readCPU(product.PID())
	load, loadErr := os.ReadFile("/proc/loadavg")
	r.wall = time.Since(began)
	full, lostErr := readOverrun(site.West, site.East)
	wait.Wait()
	if err := errors.Join(err, uasErr, cpuErr, loadErr, lostErr); err != nil {
		return r, fmt.Errorf("%w\nthe product said:\n%s", err, product.Said())
	}
	r.spent, r.overrun = after.minus(before), full-lost
	r.crowd, _, _ = strings.Cut(string(load), " ")
	r.setup, err = readSetup(uac.Folder)
	return r, err
}

// settle waits until the process holds no call, so that a round pays for its
// own calls only. What lingers for 32 s is paid for by the next one, as in a
// steady state.
func settle(ctx context.Context, product *e2e.Instance) error {
	for range 100 {
		d, err := product.Debug()
		if err != nil {
			return err
		}
		if d.Calls == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
	return errors.New("calls stand 20 s after the last BYE")
}

// sound reports whether every call came through with all that it must have.
func (r *round) sound() bool {
	return r.carrier.Failed == 0 && r.core.Failed == 0 && r.carrier.Unexpected == 0 && r.core.Unexpected == 0 &&
		r.carrier.Succeeded == r.carrier.Created && r.carrier.Received["180"] == r.carrier.Created
}

func (r *round) micros(d time.Duration) float64 {
	return float64(d.Microseconds()) / float64(max(1, r.carrier.Created))
}

func (r *round) row(w io.Writer, name string) {
	fmt.Fprintf(w, "  %-6s %6d %7.0f %6d %10d %6d %7d %8.0f %5.0f %6.0f %12.0f %6.0f %6.0f %13.2f %6s\n",
		name, r.carrier.Created, r.setup.rate, r.carrier.Failed+r.core.Failed, r.carrier.Unexpected+r.core.Unexpected,
		r.carrier.Retransmitted+r.core.Retransmitted, r.overrun, r.micros(r.spent.sum()), r.micros(r.spent.user), r.micros(r.spent.system),
		r.setup.at(0.5), r.setup.at(0.99), r.setup.at(1), r.spent.sum().Seconds()/r.wall.Seconds(), r.crowd)
}

func median(all []float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}
