package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"sync"
	"text/template"
	"time"

	"sekisho/edge/lab/e2e"
	"sekisho/edge/lab/load"
)

//go:embed testdata/flood.yaml.tmpl
var floodSite string

// The kinds of rounds: good calls alone; beside junk from strangers; beside
// junk from the addresses of trunks that are not the good calls' own.
const (
	floodNone      = "calls alone"
	floodStrangers = "strangers"
	floodTrunks    = "forged trunks"
)

// floodPlan is what a run with junk measures.
type floodPlan struct {
	calls   int // good calls a second
	junk    int // datagrams a second
	sources int // addresses of strangers
	length  time.Duration
	warm    time.Duration
	rounds  int
	kinds   []string
	seed    uint64
	keep    string
}

// The bars of a flood: what the border may grow by, and how much later good
// calls may ring.
const (
	grownMost = 16 // MiB
	laterMost = 1.5
)

// runFlood is `bench flood`. Its result is run's.
func runFlood(args []string, stdout, stderr io.Writer) int {
	p, record, err := readFloodPlan(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 2
	}
	if err != nil {
		fmt.Fprintln(stderr, "bench flood:", err)
		return 2
	}
	return carried("bench flood", record, stdout, stderr, func(ctx context.Context, w io.Writer) (bool, error) { return measureFlood(ctx, p, w) })
}

func readFloodPlan(args []string, stderr io.Writer) (p floodPlan, record string, err error) {
	f := flag.NewFlagSet("bench flood", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.IntVar(&p.calls, "calls", 200, "good calls a second")
	f.IntVar(&p.junk, "junk", 50_000, "datagrams of junk a second")
	f.IntVar(&p.sources, "sources", 100_000, "addresses of strangers, within 127/8")
	f.DurationVar(&p.length, "length", 10*time.Second, "of one round")
	f.DurationVar(&p.warm, "warm", 40*time.Second, "calls alone before, until as much lingers as ever will")
	f.IntVar(&p.rounds, "rounds", 3, "of each kind, by turns")
	f.Uint64Var(&p.seed, "seed", 1, "of junk and arrivals")
	f.StringVar(&p.keep, "keep", "", "leave the files of the run in a new folder within `DIR`")
	kinds := f.String("kinds", floodStrangers+","+floodTrunks, "of junk")
	f.StringVar(&record, "record", "", "also append the report to `FILE`")
	if err := f.Parse(args); err != nil {
		return p, record, flag.ErrHelp // said already
	}
	p.kinds = []string{floodNone}
	for _, k := range strings.Split(*kinds, ",") {
		if k != floodStrangers && k != floodTrunks {
			return p, record, fmt.Errorf("no junk is called %q", k)
		}
		p.kinds = append(p.kinds, k)
	}
	if f.NArg() > 0 || p.calls < 1 || p.junk < 1 || p.sources < 1 || p.sources > 1<<20 || p.length < time.Second || p.warm < time.Second || p.rounds < 1 {
		return p, record, errors.New("calls, junk and rounds of at least 1, up to 1,048,576 sources, a length and a warm of at least 1s, and nothing else")
	}
	return p, record, nil
}

// floodPlace fills the template of the site.
type floodPlace struct {
	e2e.Site
	Caller, Callee netip.AddrPort
	AnyPort        netip.Addr     // of a trunk that is known by its address alone
	Exactly        netip.AddrPort // of one that is known with its port
}

func newFloodPlace(folder string) (*floodPlace, error) {
	site, err := e2e.NewSite(folder, 50)
	if err != nil {
		return nil, err
	}
	p := &floodPlace{Site: *site, Caller: site.Carrier, Callee: site.Core, AnyPort: e2e.Loopback()}
	if p.Exactly, err = e2e.FreeUDP(e2e.Loopback()); err != nil {
		return nil, err
	}
	model, err := template.New("flood").Parse(floodSite)
	if err != nil {
		return nil, fmt.Errorf("read the template of a site: %w", err)
	}
	var text strings.Builder
	if err := model.Execute(&text, p); err != nil {
		return nil, fmt.Errorf("write the configuration: %w", err)
	}
	return p, os.WriteFile(p.Config(), []byte(text.String()), 0o644)
}

// flood is a border for one kind of rounds: none but the rounds of its kind
// shape what it holds, so that two of them can be compared.
type flood struct {
	kind    string
	plan    floodPlan
	place   *floodPlace
	product *e2e.Instance
	metrics string // URL
}

// measureFlood takes the kinds by turns. sound is false when a good call failed
// or a stranger was answered.
func measureFlood(ctx context.Context, p floodPlan, w io.Writer) (sound bool, err error) {
	s, err := openShop(ctx, p.keep)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	s.conditions.write(w)
	fmt.Fprintf(w, "\n%d good calls/s with RTP, alone and beside %d datagrams of junk/s, from %d addresses of strangers at %d ports, or from those of two other trunks; a border each\n",
		p.calls, p.junk, p.sources, portsOfStrangers)
	var borders []*flood
	for i, kind := range p.kinds {
		at, err := makeFolder(s.folder, fmt.Sprintf("border-%d", i))
		if err != nil {
			return false, err
		}
		f, err := startFlood(ctx, s.binary, at, flood{kind: kind, plan: p})
		if err != nil {
			return false, err
		}
		defer func() { err = errors.Join(err, f.product.Stop(15*time.Second)) }()
		borders = append(borders, f)
	}
	rounds, err := floodRounds(ctx, p, borders, w)
	return rounds.summarise(p, w), err
}

func startFlood(ctx context.Context, binary, folder string, f flood) (*flood, error) {
	var err error
	if f.place, err = newFloodPlace(folder); err != nil {
		return nil, err
	}
	if f.product, err = e2e.Start(ctx, binary, &f.place.Site); err != nil {
		return nil, err
	}
	if f.metrics, err = metricsURL(f.product.Said()); err != nil {
		return nil, errors.Join(err, f.product.Stop(15*time.Second))
	}
	return &f, nil
}

// floodRounds warms each border with calls alone, and then takes the kinds by
// turns.
func floodRounds(ctx context.Context, p floodPlan, borders []*flood, w io.Writer) (all floodRun, err error) {
	floodHead(w)
	for _, f := range borders {
		r, err := f.round(ctx, floodNone, p.warm)
		if err != nil {
			return all, err
		}
		r.row(w, "(warm) "+f.kind)
		r.kind, r.warm = f.kind, true
		all = append(all, r)
	}
	for i := range p.rounds {
		for _, f := range borders {
			r, err := f.round(ctx, f.kind, p.length)
			if err != nil {
				return all, err
			}
			r.row(w, fmt.Sprintf("%d %s", i+1, f.kind))
			all = append(all, r)
		}
	}
	return all, nil
}

// floodRun is all rounds.
type floodRun []floodRound

// floodRound is what one round has shown.
type floodRound struct {
	kind     string
	warm     bool // without junk, whatever the kind
	report   *load.Report
	length   time.Duration // of the junk and of the arrivals
	took     time.Duration
	spent    cpu // by the border
	rss      int // the most that was seen
	overrun  int // datagrams that found the border's SIP sockets full
	sent     uint64
	heard    uint64 // datagrams that came back to who sent junk
	heardOct uint64
	drops    map[string]int // by listener and reason
}

// round places good calls for a time, beside junk of a kind.
func (f *flood) round(ctx context.Context, kind string, length time.Duration) (floodRound, error) {
	r := floodRound{kind: kind, length: length}
	before, err := f.look()
	if err != nil {
		return r, err
	}
	c := load.Config{
		Caller: f.place.Caller, Callee: f.place.Callee, Border: f.place.West, Calls: f.plan.calls * int(length/time.Second), Rate: float64(f.plan.calls),
		Ring: 50 * time.Millisecond, Talk: 200 * time.Millisecond, Seed: f.plan.seed,
	}
	for _, m := range f.place.Mobiles {
		c.Callers = append(c.Callers, m.MSISDN)
	}
	var s *spray
	if kind != floodNone {
		if s, err = f.newSpray(kind); err != nil {
			return r, err
		}
		defer s.close()
	}
	trial, err := load.Start(ctx, c)
	if err != nil {
		return r, err
	}
	// Junk begins with the calls and ends with their arrivals.
	hostile, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	var others sync.WaitGroup
	var sprayErr, rssErr error
	if s != nil {
		others.Go(func() { sprayErr = s.run(hostile, f.plan.junk) })
	}
	others.Go(func() { r.rss, rssErr = peak(hostile, f.product.PID()) })
	r.report = trial.Wait()
	others.Wait()
	after, err := f.look()
	if err := errors.Join(err, sprayErr, rssErr); err != nil {
		return r, fmt.Errorf("%s: %w\nthe product said:\n%s", kind, err, f.product.Said())
	}
	r.took, r.spent, r.overrun = after.at.Sub(before.at), after.cpu.minus(before.cpu), after.overrun-before.overrun
	r.drops = map[string]int{}
	for reason, n := range after.drops {
		if n -= before.drops[reason]; n > 0 {
			r.drops[reason] = n
		}
	}
	if s != nil {
		r.sent, r.heard, r.heardOct = s.sent, s.heard, s.heardOct
	}
	return r, nil
}

// portsOfStrangers is how many ports each address of the strangers sends from.
const portsOfStrangers = 8

// newSpray prepares the junk of a kind.
func (f *flood) newSpray(kind string) (s *spray, err error) {
	if kind == floodTrunks {
		s, err = newSpray(f.place.West, []netip.Addr{f.place.AnyPort}, portsOfStrangers, []netip.AddrPort{f.place.Exactly})
	} else {
		s, err = newSpray(f.place.West, strangers(f.plan.sources), portsOfStrangers, nil)
	}
	if err != nil {
		return nil, err
	}
	s.arsenal = arsenal(f.place.West, f.plan.seed)
	return s, nil
}

// strangers are addresses that e2e.Loopback gives to nobody.
func strangers(n int) []netip.Addr {
	all := make([]netip.Addr, n)
	for i := range all {
		all[i] = netip.AddrFrom4([4]byte{127, byte(224 + i>>16), byte(i >> 8), byte(i)})
	}
	return all
}

// view is what can be seen of the border from outside at one moment.
type view struct {
	at      time.Time
	cpu     cpu
	overrun int
	drops   map[string]int
}

func (f *flood) look() (v view, err error) {
	v.at = time.Now()
	if v.cpu, err = readCPU(f.product.PID()); err != nil {
		return v, err
	}
	if v.overrun, err = readOverrun(f.place.West, f.place.East); err != nil {
		return v, err
	}
	v.drops, err = readDrops(f.metrics)
	return v, err
}

// peak returns the most that a process held resident until ctx was done.
func peak(ctx context.Context, pid int) (int, error) {
	most := 0
	for {
		rss, err := readRSS(pid)
		if err != nil {
			return most, err
		}
		most = max(most, rss)
		select {
		case <-ctx.Done():
			return most, nil
		case <-time.After(100 * time.Millisecond):
		}
	}
}
