package main

import (
	"bytes"
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
	spent         cpu    // by the process under load
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
	fmt.Fprintf(w, "\nCPU of the border process per call, %s\n", p.describe())
	loadHead(w)
	all := tally{name: "border"}
	sound = true
	for i := range p.rounds + 1 {
		r, err := place(ctx, product, site, p.named("border", i))
		if err != nil {
			return false, err
		}
		r.row(w, rounded("border", i))
		if i > 0 {
			all.add(&r)
		}
		sound = sound && r.sound()
		if err := r.why(w, site); err != nil {
			return false, err
		}
		if err := settle(ctx, product); err != nil {
			return false, err
		}
	}
	all.write(w)
	return sound, t.perCall(ctx, &all, running{p, product, site}, w)
}

// running is a plan and whom it loads.
type running struct {
	plan plan
	to   *e2e.Instance
	site *e2e.Site
}

// perCall measures the border's rounds by the most microseconds that a call may
// cost, at the rates that have such a bar. Of a border that costs more, one
// more round is taken with a profile.
func (t trial) perCall(ctx context.Context, of *tally, on running, w io.Writer) error {
	var most float64
	switch on.plan.rate {
	case 2000:
		most = 300
	case 4000:
		most = 250
	default:
		return nil
	}
	b := bar{name: fmt.Sprintf("CPU per call at %d calls/s", on.plan.rate), value: median(of.perCall), most: most, unit: "us"}
	b.write(w)
	if b.met() {
		return nil
	}
	on.plan.name = "profiled"
	return profile(ctx, t.folder, on.to.PID(), func() error {
		_, err := place(ctx, on.to, on.site, on.plan)
		return err
	}, w)
}

// place is one round: all its calls at a stretch, or in bursts.
func place(ctx context.Context, to subject, site *e2e.Site, p plan) (round, error) {
	left := p.rate * int(p.length/time.Second)
	burst := left
	if p.burst > 0 {
		burst = min(left, p.burst)
	}
	var all round
	for i := 0; left > 0; i++ {
		if i > 0 {
			if err := pause(ctx, betweenBursts); err != nil {
				return all, err
			}
		}
		n := min(burst, left)
		left -= n
		r, err := calls(ctx, to, site, order{name: fmt.Sprintf("%s-%d", p.name, i), calls: n, rate: p.rate, ring: p.ring, talk: p.talk})
		if err != nil {
			return all, err
		}
		all.add(&r)
	}
	return all, nil
}

// why explains a round that lost calls.
func (r *round) why(w io.Writer, site *e2e.Site) error {
	if r.sound() {
		return nil
	}
	text, err := os.ReadFile(site.Records())
	if err != nil {
		return err
	}
	refused := map[string]int{}
	for line := range bytes.Lines(text) {
		if reason := between(line, `"refused":"`, `"`); reason != nil {
			refused[string(reason)]++
		}
	}
	fmt.Fprintf(w, "    the carrier created %d calls and gave up: %v; %d reached the core, which gave up: %v; records of refusals so far: %v\n",
		r.carrier.Created, r.carrier.GaveUp, r.core.Created, r.core.GaveUp, refused)
	return nil
}

// betweenBursts, with the two seconds that the core's sipp stays for what comes
// late, is the floor of the quarantine and a moment, so that each burst finds
// the ports of the last one rested.
const betweenBursts = 500 * time.Millisecond

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
func calls(ctx context.Context, to subject, site *e2e.Site, o order) (round, error) {
	var r round
	// The core does not wait out the 32 s of a 200 that nobody acknowledges: the
	// call has failed by then.
	patience := time.Duration(o.calls/o.rate)*time.Second + o.ring + o.talk + 20*time.Second
	uas := e2e.SIPp{
		Scenario: "core", Folder: filepath.Join(site.Folder, o.name+"-core"), Local: site.Core,
		Calls: o.calls, Ring: o.ring, Patience: patience,
	}
	uac := e2e.SIPp{
		Scenario: "carrier", Folder: filepath.Join(site.Folder, o.name+"-carrier"), Local: site.Carrier, Remote: site.West,
		Calls: o.calls, Rate: o.rate, Talk: o.talk, Callers: site.Callers(), Patience: patience + 20*time.Second,
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
	before, err := readCPU(to.PID())
	if err != nil {
		return r, err
	}
	lost, err := readOverrun(site.West, site.East)
	if err != nil {
		return r, err
	}
	r.carrier, err = uac.Run(ctx)
	after, cpuErr := readCPU(to.PID())
	load, loadErr := os.ReadFile("/proc/loadavg")
	r.wall = time.Since(began)
	full, lostErr := readOverrun(site.West, site.East)
	wait.Wait()
	if err := errors.Join(err, uasErr, cpuErr, loadErr, lostErr); err != nil {
		return r, fmt.Errorf("%w\nthe process under load said:\n%s", err, to.Said())
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
	for range 300 {
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
	return errors.New("calls stand a minute after the last BYE")
}

// sound reports whether every call came through with all that it must have.
func (r *round) sound() bool {
	return !r.carrier.GaveUp && !r.core.GaveUp && r.core.Created == r.carrier.Created && r.carrier.Failed == 0 && r.core.Failed == 0 && r.carrier.Unexpected == 0 && r.core.Unexpected == 0 &&
		r.carrier.Succeeded == r.carrier.Created && r.carrier.Received["180"] == r.carrier.Created
}

// add joins a burst to its round.
func (r *round) add(burst *round) {
	if r.carrier.Created == 0 {
		*r = *burst
		return
	}
	join(&r.carrier, &burst.carrier)
	join(&r.core, &burst.core)
	r.spent.user += burst.spent.user
	r.spent.system += burst.spent.system
	r.crowd, r.wall, r.overrun = burst.crowd, r.wall+burst.wall, r.overrun+burst.overrun
	r.setup.add(burst.setup)
}

func join(o, more *e2e.Outcome) {
	o.Created += more.Created
	o.Succeeded += more.Succeeded
	o.Failed += more.Failed
	o.Unexpected += more.Unexpected
	o.Retransmitted += more.Retransmitted
	o.CPU += more.CPU
	o.GaveUp = o.GaveUp || more.GaveUp
	for k, n := range more.Received {
		o.Received[k] += n
	}
}

// silent counts the calls whose 180 never came to the caller in time.
func (r *round) silent() int { return r.carrier.Created - r.carrier.Received["180"] }

func (r *round) micros(d time.Duration) float64 {
	return float64(d.Microseconds()) / float64(max(1, r.carrier.Created))
}

func loadHead(w io.Writer) {
	fmt.Fprintf(w, "  %-14s %6s %7s %6s %7s %10s %6s %7s %8s %5s %6s %8s %8s %12s %6s %6s %6s\n", "round", "calls", "calls/s", "failed", "no 180", "unexpected",
		"resent", "overrun", "us/call", "user", "system", "carrier", "core", "setup ms p50", "p99", "max", "load")
}

// row shows the generators' own microseconds a call beside those of what they
// load.
func (r *round) row(w io.Writer, name string) {
	fmt.Fprintf(w, "  %-14s %6d %7.0f %6d %7d %10d %6d %7d %8.0f %5.0f %6.0f %8.0f %8.0f %12.0f %6.0f %6.0f %6s\n",
		name, r.carrier.Created, r.setup.rate, r.carrier.Failed+r.core.Failed, r.silent(), r.carrier.Unexpected+r.core.Unexpected,
		r.carrier.Retransmitted+r.core.Retransmitted, r.overrun, r.micros(r.spent.sum()), r.micros(r.spent.user), r.micros(r.spent.system),
		r.micros(r.carrier.CPU), r.micros(r.core.CPU), r.setup.at(0.5), r.setup.at(0.99), r.setup.at(1), r.crowd)
}

// tally is what the counted rounds of one process have shown.
type tally struct {
	name              string
	perCall, p50, p99 []float64
	lost, silent, of  int
	slowest           float64 // calls a second that rang, of the slowest round
}

func (t *tally) add(r *round) {
	t.perCall, t.p50, t.p99 = append(t.perCall, r.micros(r.spent.sum())), append(t.p50, r.setup.at(0.5)), append(t.p99, r.setup.at(0.99))
	if t.of == 0 || r.setup.rate < t.slowest {
		t.slowest = r.setup.rate
	}
	t.lost += r.carrier.Failed
	t.silent += r.silent()
	t.of += r.carrier.Created
}

func (t *tally) write(w io.Writer) {
	fmt.Fprintf(w, "%s, median of %d rounds: %.0f us a call; set up in %.0f ms (p50), %.0f ms (p99); of %d calls %d failed, %d without their 180; the slowest round rang %.0f calls/s\n",
		t.name, len(t.perCall), median(t.perCall), median(t.p50), median(t.p99), t.of, t.lost, t.silent, t.slowest)
}

func median(all []float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}
