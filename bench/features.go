package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"sekisho/edge/lab/carrier"
	"sekisho/edge/lab/e2e"
)

// featurePlan is what a soak of featured calls is run with.
type featurePlan struct {
	calls, talking int
	length, talk   time.Duration
	rate           float64
	seed           uint64
	keep           string
}

// warmLength is how long all casts play together before the soak.
const warmLength = 10 * time.Second

// shownFaults is how many calls that failed are shown.
const shownFaults = 3

// runFeatures is `bench features`. Its result is run's.
func runFeatures(args []string, stdout, stderr io.Writer) int {
	p, record, err := readFeaturePlan(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 2
	}
	if err != nil {
		fmt.Fprintln(stderr, "bench features:", err)
		return 2
	}
	return carried("bench features", record, stdout, stderr, func(ctx context.Context, w io.Writer) (bool, error) { return measureFeatures(ctx, p, w) })
}

func readFeaturePlan(args []string, stderr io.Writer) (p featurePlan, record string, err error) {
	f := flag.NewFlagSet("bench features", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.IntVar(&p.calls, "calls", 1000, "that stand at the same time")
	f.IntVar(&p.talking, "talking", 100, "of these have RTP from every party; the others press their keys and are silent")
	f.DurationVar(&p.length, "length", 10*time.Minute, "that they are kept going for")
	f.DurationVar(&p.talk, "talk", 120*time.Second, "of a call beside what is done with it: the mean of an exponential distribution")
	f.Float64Var(&p.rate, "rate", 20, "calls a second until they stand")
	f.Uint64Var(&p.seed, "seed", 1, "of what becomes of the calls")
	f.StringVar(&p.keep, "keep", "", "leave the files of the run in a new folder within `DIR`")
	f.StringVar(&record, "record", "", "also append the report to `FILE`")
	if err := f.Parse(args); err != nil {
		return p, "", flag.ErrHelp // said already
	}
	if f.NArg() > 0 || p.calls < 1 || p.calls > mostCasts || p.talking < 0 || p.talking > p.calls || p.length < time.Second || p.talk < time.Second || !(p.rate > 0) {
		return p, "", fmt.Errorf("1 to %d calls, as many of them talking at most, a length and a talk of at least 1s, a rate, and nothing else", mostCasts)
	}
	return p, record, nil
}

// measureFeatures plays a short round, then the soak, and compares what the product
// holds after each with what it held at the start, before any call. sound is false
// when a call, a packet or anything that is held was lost.
func measureFeatures(ctx context.Context, p featurePlan, w io.Writer) (sound bool, err error) {
	s, err := openShop(ctx, p.keep)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	s.conditions.write(w)
	site, err := e2e.NewSite(s.folder, 1)
	if err != nil {
		return false, err
	}
	t := assemble(p.calls)
	defer t.close()
	if err := t.open(site.Carrier.Addr()); err != nil {
		return false, err
	}
	text, err := t.configure(site)
	if err != nil {
		return false, err
	}
	if err := os.WriteFile(site.Config(), []byte(text), 0o644); err != nil {
		return false, err
	}
	product, err := e2e.Start(ctx, s.binary, site)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, product.Stop(30*time.Second)) }()
	for _, side := range t.sides {
		side.SetBorder(site.West)
	}
	fmt.Fprintf(w, "\n%d calls at a time for %v through the border and the embedded core, of %d tenants and %d mobiles of three carriers, RTP from every\n"+
		"party of %d; each talks for %v on average (exponential) beside what is done with it; %d descriptors a process\n",
		p.calls, p.length, len(t.tenants), p.calls*castMobiles, p.talking, p.talk, s.conditions.descriptors)
	played := soak{plan: p, troupe: t, product: product, w: w}
	return played.run(ctx)
}

// soak is a run against a product.
type soak struct {
	plan    featurePlan
	troupe  *troupe
	product *e2e.Instance
	w       io.Writer
}

func (s *soak) run(ctx context.Context) (sound bool, err error) {
	if _, err := s.product.Debug(); err != nil { // what the first look costs stays
		return false, err
	}
	before, err := s.product.Debug()
	if err != nil {
		return false, err
	}
	heldRow(s.w, "at the start", before)
	warm := s.plan
	warm.length = min(warm.length, warm.ramp(warm.calls)+warmLength)
	sound = true
	for i, round := range []featurePlan{warm, s.plan} {
		o, err := s.round(ctx, round)
		if err != nil {
			return false, err
		}
		faults := o.write(s.w, []string{"warming up", "soak"}[i])
		after, err := s.product.AtRest(before, e2e.HeapSlack(s.plan.calls), stormRecovery)
		if err != nil {
			faults = append(faults, err.Error())
		}
		if after.Panics+int(s.troupe.panics()) > 0 {
			faults = append(faults, fmt.Sprintf("%d panics of the product, %d of the generator", after.Panics, s.troupe.panics()))
		}
		heldRow(s.w, "afterwards", after)
		if err == nil {
			faults = append(faults, keptRow(s.w, before, after, s.plan.calls)...)
		}
		for _, f := range faults {
			fmt.Fprintf(s.w, "FAULT: %s\n", strings.TrimSpace(f))
			sound = false
		}
	}
	if said := strings.TrimSpace(s.product.Said()); !sound {
		fmt.Fprintf(s.w, "the product said:\n%s\n", said)
	}
	return sound, nil
}

// keptRow prints what the heap has kept since the start, which may be what is kept
// for good by design and no more.
func keptRow(w io.Writer, before, after e2e.Debug, calls int) (faults []string) {
	const mib = 1 << 20
	kept, most := (float64(after.Heap)-float64(before.Heap))/mib, float64(e2e.HeapSlack(calls))/mib
	fmt.Fprintf(w, "  of the heap %+.2f MiB since the start, where %.2f may stay: places of the ports that were bound, lists of a busy turn, leases in hand\n", kept, most)
	if kept > most {
		faults = append(faults, fmt.Sprintf("the heap holds %.2f MiB more than at the start, want at most %.2f", kept, most))
	}
	return faults
}

// round keeps the calls going and returns when the last is over.
func (s *soak) round(ctx context.Context, p featurePlan) (*outcome, error) {
	full, err := readFull()
	if err != nil {
		return nil, err
	}
	o := &outcome{done: map[string]int{}, failed: map[string]int{}}
	began := time.Now()
	var playing sync.WaitGroup
	for i, c := range s.troupe.casts {
		playing.Go(func() {
			r := rand.New(rand.NewPCG(p.seed, uint64(i)))
			wait := performance{ctx: ctx}
			wait.pause(p.ramp(i))
			// As they come so they go, one after another.
			over, cancel := context.WithTimeout(ctx, p.length)
			defer cancel()
			for over.Err() == nil {
				call := &performance{troupe: s.troupe, cast: c, ctx: ctx, stop: over.Done(), talks: i < p.talking}
				call.draw(r, p.talk)
				o.add(call, one(call))
			}
		})
	}
	v, err := s.watch(ctx, p)
	playing.Wait()
	o.took, o.watched = time.Since(began), v
	after, fullErr := readFull()
	o.full = after - full
	return o, errors.Join(err, fullErr, ctx.Err())
}

// one plays one call of a cast.
func one(p *performance) error {
	if p.feature == parked {
		if p.tenant.parking.TryLock() {
			defer p.tenant.parking.Unlock()
		} else {
			p.feature = held // another is in the first slot
		}
	}
	return p.perform()
}

// ramp is when cast i begins.
func (p featurePlan) ramp(i int) time.Duration {
	return time.Duration(float64(i) / p.rate * float64(time.Second))
}

// watched is what the product held while the calls stood.
type watched struct {
	half e2e.Debug // when all casts played
	rss  int       // the most, in octets, after that
}

// watch looks at the product when all casts play, and at its memory from then on
// until the first is over.
func (s *soak) watch(ctx context.Context, p featurePlan) (v watched, err error) {
	wait := performance{ctx: ctx}
	all := max(p.ramp(p.calls), p.length/2)
	wait.pause(all)
	if v.half, err = s.product.Debug(); err != nil {
		return v, err
	}
	looking, cancel := context.WithTimeout(ctx, max(0, p.length-all))
	defer cancel()
	v.rss, err = peak(looking, s.product.PID())
	return v, err
}

// outcome is what has become of the calls of a round.
type outcome struct {
	mu           sync.Mutex
	done, failed map[string]int // by kind
	faults       []string       // of the first
	parties      int
	received     carrier.Part // of all together

	took time.Duration
	full int // datagrams that found a socket of this machine full
	watched
}

func (o *outcome) add(p *performance, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.done[p.kind()]++
	for _, c := range p.all {
		h := c.Heard()
		o.parties++
		for _, part := range []carrier.Part{h.Early, h.Talk} {
			o.received.Packets += part.Packets
			o.received.Lost += part.Lost
			o.received.Duplicated += part.Duplicated
			o.received.Reordered += part.Reordered
			o.received.Foreign += part.Foreign
		}
	}
	if err == nil {
		return
	}
	o.failed[p.kind()]++
	if len(o.faults) < shownFaults {
		text := fmt.Sprintf("%s, talking %v: %v", p.kind(), p.talks, err)
		for _, c := range p.all {
			text += "\n" + summary(c)
		}
		o.faults = append(o.faults, text)
	}
}

// summary is a call's messages, a line each.
func summary(c *carrier.Call) string {
	var b strings.Builder
	for _, m := range c.Trace() {
		first, _, _ := bytes.Cut(m.Data, []byte("\r\n"))
		fmt.Fprintf(&b, "  %s %s %s -> %s\n", m.At.Format("15:04:05.000"), first, m.From, m.To)
	}
	return b.String()
}

// write prints the round and returns what is wrong with it.
func (o *outcome) write(w io.Writer, name string) (faults []string) {
	fmt.Fprintf(w, "\n%s: %.1f s\n  %-32s %7s %10s\n", name, o.took.Seconds(), "calls", "done", "unexpected")
	all, wrong := 0, 0
	for _, k := range kinds() {
		if n := o.done[k]; n > 0 {
			fmt.Fprintf(w, "  %-32s %7d %10d\n", k, n, o.failed[k])
			all, wrong = all+n, wrong+o.failed[k]
		}
	}
	r := &o.received
	fmt.Fprintf(w, "  %-32s %7d %10d\n", "all", all, wrong)
	fmt.Fprintf(w, "  RTP received by %d parties: %d packets, lost %d, duplicate %d, out of order %d, foreign %d; datagrams at full sockets of the whole machine %d\n",
		o.parties, r.Packets, r.Lost, r.Duplicated, r.Reordered, r.Foreign, o.full)
	heldRow(w, "in between", o.half)
	fmt.Fprintf(w, "  resident set at most %.1f MiB\n", float64(o.rss)/(1<<20))
	if wrong > 0 {
		faults = append(faults, fmt.Sprintf("%d of %d calls did not go as they should; the first:", wrong, all))
		faults = append(faults, o.faults...)
	}
	if lost := r.Lost + r.Duplicated + r.Foreign; lost > 0 {
		faults = append(faults, fmt.Sprintf("of %d packets %d are lost, %d came twice, %d are foreign", r.Packets, r.Lost, r.Duplicated, r.Foreign))
	}
	if all == 0 {
		faults = append(faults, "no call was placed")
	}
	return faults
}

// readFull returns how many datagrams of the whole machine found a socket full.
func readFull() (int, error) {
	text, err := os.ReadFile("/proc/net/snmp")
	if err != nil {
		return 0, err
	}
	return parseFull(text)
}

// parseFull reads RcvbufErrors from the two lines "Udp:" of /proc/net/snmp, names
// and numbers.
func parseFull(text []byte) (int, error) {
	var names []string
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0 || fields[0] != "Udp:":
		case names == nil:
			names = fields
		default:
			for i, n := range names {
				if n == "RcvbufErrors" && i < len(fields) {
					return strconv.Atoi(fields[i])
				}
			}
		}
	}
	return 0, errors.New("no RcvbufErrors of UDP")
}
