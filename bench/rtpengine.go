package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"sekisho/edge/lab/e2e"
)

// wayRTPEngine is the way of the calls through rtpengine.
const wayRTPEngine = "rtpengine"

// The addresses of the two namespaces (RFC 5737): the generator's toward west and
// east, and those of the relay opposite.
const (
	generatorWest, relayWest = "192.0.2.1", "192.0.2.2"
	generatorEast, relayEast = "198.51.100.1", "198.51.100.2"
)

// runRTPEngine is `bench rtpengine`. Its result is run's.
func runRTPEngine(args []string, stdout, stderr io.Writer) int {
	p, out, inside, err := readEnginePlan(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	switch {
	case err == nil && inside == "":
		err = withNamespaces(ctx, func(n namespaces) error {
			again := exec.CommandContext(ctx, "ip", append([]string{"netns", "exec", n.generator, "taskset", "-c", "0", n.self, "rtpengine", "-inside", n.relay}, args...)...)
			again.Stdout, again.Stderr = stdout, stderr
			again.Cancel = func() error { return again.Process.Signal(syscall.SIGTERM) }
			return again.Run()
		})
	case err == nil:
		err = measureEngines(ctx, p, out, inside, stdout)
	}
	if err != nil {
		fmt.Fprintln(stderr, "bench rtpengine:", err)
		return 1
	}
	return 0
}

func readEnginePlan(args []string, stderr io.Writer) (p mediaPlan, out destinations, inside string, err error) {
	f := flag.NewFlagSet("bench rtpengine", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.IntVar(&p.load.Calls, "calls", 500, "that stand at the same time")
	f.Float64Var(&p.load.Rate, "rate", 50, "calls a second until they do")
	f.DurationVar(&p.length, "length", 20*time.Second, "measured while they stand")
	f.IntVar(&p.rounds, "rounds", 9, "of each way, by turns")
	f.IntVar(&p.keyed, "srtp", 3, "of those rounds in which each way is also taken with SRTP on the caller's side, for half as long")
	f.Uint64Var(&p.load.Seed, "seed", 1, "of arrivals and payloads")
	f.StringVar(&p.keep, "keep", "", "leave the files of the run in a new folder within `DIR`")
	f.StringVar(&out.record, "record", "", "also append the report to `FILE`")
	f.StringVar(&out.json, "json", "", "also write it to `FILE`")
	f.StringVar(&inside, "inside", "", "the `NAMESPACE` of the relay, when the generator's has been entered")
	if err := f.Parse(args); err != nil {
		return p, out, "", flag.ErrHelp // said already
	}
	if f.NArg() > 0 || p.load.Calls < 1 || p.load.Calls > 4500 || !(p.load.Rate > 0) || p.length < 2*time.Second || p.rounds < 1 || p.keyed < 0 || p.keyed > p.rounds {
		return p, out, "", errors.New("1 to 4500 calls, a rate, a length of at least 2s, at least 1 round, no more of them with SRTP, and nothing else")
	}
	p.ways = []string{wayDirect, wayRTPEngine, wayBorder}
	p.load.Caller = netip.MustParseAddrPort(generatorWest + ":5060")
	p.load.Callee = netip.MustParseAddrPort(generatorEast + ":5060")
	for i := range 50 {
		p.load.Callers = append(p.load.Callers, fmt.Sprintf("0900000%04d", 2000+i))
	}
	ramp := time.Duration(float64(p.load.Calls) / p.load.Rate * float64(time.Second))
	p.load.Talk = ramp + p.length + time.Minute
	return p, out, inside, nil
}

// namespaces are the generator's and the relay's.
type namespaces struct{ generator, relay, self string }

// withNamespaces makes both, joined by two veth pairs, and takes them away again.
func withNamespaces(ctx context.Context, do func(namespaces) error) (err error) {
	for _, tool := range []string{"ip", "taskset", "rtpengine"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%w: needs root, iproute2, util-linux and rtpengine-daemon", err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	n := namespaces{fmt.Sprintf("bench-generator-%d", os.Getpid()), fmt.Sprintf("bench-relay-%d", os.Getpid()), self}
	defer func() {
		for _, name := range []string{n.generator, n.relay} {
			_ = exec.Command("ip", "netns", "del", name).Run() // it may not have been made
		}
	}()
	for _, line := range []string{
		"netns add G", "netns add R", "-n G link set lo up", "-n R link set lo up",
		"-n G link add west type veth peer name west netns R", "-n G link add east type veth peer name east netns R",
		"-n G addr add " + generatorWest + "/24 dev west", "-n G addr add " + generatorEast + "/24 dev east",
		"-n R addr add " + relayWest + "/24 dev west", "-n R addr add " + relayEast + "/24 dev east",
		"-n G link set west up", "-n G link set east up", "-n R link set west up", "-n R link set east up",
	} {
		words := strings.Fields(line)
		for i, w := range words {
			switch w {
			case "G":
				words[i] = n.generator
			case "R":
				words[i] = n.relay
			}
		}
		if out, err := exec.CommandContext(ctx, "ip", words...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", line, err, out)
		}
	}
	return do(n)
}

// measureEngines takes the ways by turns, from within the generator's namespace.
func measureEngines(ctx context.Context, p mediaPlan, out destinations, relay string, w io.Writer) (err error) {
	s, err := openShop(ctx, p.keep)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	var text strings.Builder
	w = io.MultiWriter(w, &text)
	s.conditions.write(w)
	version, _ := exec.CommandContext(ctx, "rtpengine", "--version").CombinedOutput()
	fmt.Fprintf(w, "  %d calls with G.711 every 20 ms both ways; generator on processor 0, relay on 1, two veth pairs between their namespaces\n"+
		"  rtpengine %s: no kernel table, immediate learning, log level 1\n", p.load.Calls, strings.TrimSpace(string(version)))
	place := engineTrial{mediaTrial{folder: s.folder, binary: s.binary, plan: p}, relay}
	all := &mediaRun{Conditions: s.conditions.fields()}
	if p.keyed > 0 {
		all.SRTP = &mediaRun{Conditions: all.Conditions}
	}
	for i := range p.rounds {
		place.round = i
		if err := place.turn(ctx, all, w); err != nil {
			return err
		}
		if i < p.keyed {
			if err := place.withSRTP().turn(ctx, all.SRTP, w); err != nil {
				return err
			}
		}
	}
	all.summarise(p)
	all.compare(p, w)
	if p.keyed > 0 {
		keyed := place.withSRTP().plan
		all.SRTP.summarise(keyed)
		fmt.Fprintf(w, "\nThe same with %s, the callee's side plain; the direct path has the generator's own share of that\n", keyed.protection())
		all.SRTP.compare(keyed, w)
	}
	if out.record != "" {
		err = appendTo(out.record, text.String())
	}
	if err == nil && out.json != "" {
		err = writeJSON(out.json, all)
	}
	return err
}

// engineTrial is one round of one way, the relay in a namespace of its own.
type engineTrial struct {
	mediaTrial
	relay string
}

// withSRTP is the same with SRTP on the caller's side. Its rounds are fewer and
// half as long, so that the whole takes no more than 20 minutes.
func (t engineTrial) withSRTP() engineTrial {
	t.plan.load.SRTP, t.plan.rounds, t.plan.length = true, t.plan.keyed, t.plan.length/2
	return t
}

// protection says how the caller's media is protected.
func (p *mediaPlan) protection() string {
	if p.load.SRTP {
		return "SRTP (AES_CM_128_HMAC_SHA1_80) on the caller's side"
	}
	return "RTP"
}

// turn takes each way once.
func (t engineTrial) turn(ctx context.Context, all *mediaRun, w io.Writer) error {
	for _, t.way = range t.plan.ways {
		fmt.Fprintf(w, "\nround %d, %s, %s\n", t.round+1, t.way, t.plan.protection())
		r, err := t.measure(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", t.way, err)
		}
		if err := r.write(w); err != nil {
			return err
		}
		all.Rounds = append(all.Rounds, r)
	}
	return nil
}

// within is a command in the relay's namespace, on its processor.
func (t engineTrial) within(words ...string) []string {
	return append([]string{"ip", "netns", "exec", t.relay, "taskset", "-c", "1"}, words...)
}

func (t engineTrial) measure(ctx context.Context) (mediaRound, error) {
	switch t.way {
	case wayRTPEngine:
		return t.throughRTPEngine(ctx)
	case wayBorder:
		return t.throughBorder(ctx)
	}
	return t.run(ctx, t.plan.load, 0)
}

func (t engineTrial) throughBorder(ctx context.Context) (r mediaRound, err error) {
	c := t.plan.load
	folder, err := makeFolder(t.folder, fmt.Sprintf("%s-%d-srtp-%v", t.way, t.round, c.SRTP))
	if err != nil {
		return r, err
	}
	place := &mediaPlace{Caller: c.Caller, Callee: c.Callee, SRTP: c.SRTP, PSTN: netip.AddrPortFrom(c.Caller.Addr(), 9)}
	place.Site = e2e.Site{
		Folder: folder, Carrier: c.Caller, Core: c.Callee,
		West: netip.MustParseAddrPort(relayWest + ":5060"), East: netip.MustParseAddrPort(relayEast + ":5060"),
	}
	for i, number := range c.Callers {
		place.Mobiles = append(place.Mobiles, e2e.Mobile{Extension: 2000 + i, MSISDN: number})
	}
	if place.text, err = place.configure(); err != nil {
		return r, err
	}
	if err := os.WriteFile(place.Config(), []byte(place.text), 0o644); err != nil {
		return r, err
	}
	// The shell, ip and taskset replace themselves: the process is the border's.
	script := filepath.Join(folder, "border")
	line := "#!/bin/sh\nexec " + strings.Join(t.within(t.binary), " ") + " \"$@\"\n"
	if err := os.WriteFile(script, []byte(line), 0o755); err != nil {
		return r, err
	}
	product, err := e2e.Start(ctx, script, &place.Site)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, product.Stop(15*time.Second)) }()
	c.Border = place.West
	return t.run(ctx, c, product.PID())
}

func (t engineTrial) throughRTPEngine(ctx context.Context) (r mediaRound, err error) {
	control := netip.MustParseAddrPort(relayWest + ":2223")
	words := t.within("rtpengine", "--config-file=none", "--table=-1", "--foreground", "--log-stderr", "--log-level=1", "--listen-ng="+control.String(),
		"--interface=west/"+relayWest, "--interface=east/"+relayEast, "--port-min=10000", "--port-max=39999",
		"--endpoint-learning=immediate", "--delete-delay=0", "--timeout=600")
	engine := exec.CommandContext(ctx, words[0], words[1:]...)
	var said strings.Builder
	engine.Stderr = &said
	if err := engine.Start(); err != nil {
		return r, fmt.Errorf("start rtpengine: %w", err)
	}
	defer func() {
		_ = engine.Process.Signal(syscall.SIGTERM) // it has ended, or it does now
		if ended := engine.Wait(); ended != nil && err != nil {
			err = errors.Join(err, ended, errors.New(said.String()))
		}
	}()
	talk, err := dialNG(control)
	if err != nil {
		return r, err
	}
	defer talk.close()
	talk.keyed = t.plan.load.SRTP
	if err := talk.ready(ctx); err != nil {
		return r, err
	}
	c := t.plan.load
	west, east := netip.MustParseAddrPort(generatorWest+":5070"), netip.MustParseAddrPort(generatorEast+":5070")
	m, err := startMiddle(west, east, c.Caller, c.Callee, talk)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, m.stop()) }()
	c.Border, c.CallerSeenAs, c.CalleeSeenAs = west, east, west
	return t.run(ctx, c, engine.Process.Pid)
}

// compare writes the medians with their least and most, and the two bars: of
// SRTP they are there to be read beside, and measured all the same.
func (r *mediaRun) compare(p mediaPlan, w io.Writer) {
	cost, late := map[string][]float64{}, map[string][]float64{}
	for i := range p.rounds {
		rounds := r.Rounds[i*len(p.ways) : (i+1)*len(p.ways)]
		for _, round := range rounds {
			cost[round.Way] = append(cost[round.Way], round.Busy-rounds[0].Busy) // the direct path is the first
			late[round.Way] = append(late[round.Way], float64(round.Report.Latency.P99)/1e6)
		}
	}
	spread := func(v []float64) string {
		return fmt.Sprintf("%.2f (%.2f–%.2f)", median(slices.Clone(v)), slices.Min(v), slices.Max(v))
	}
	fmt.Fprintln(w)
	for _, way := range p.ways {
		fmt.Fprintf(w, "%s: machine %s us a relayed packet above the direct path, p99 one way %s ms, %d packets lost (medians of %d, least and most)\n",
			way, spread(cost[way]), spread(late[way]), r.lost(way), p.rounds)
	}
	of := ""
	if p.load.SRTP {
		of = ", SRTP"
	}
	bar{name: "CPU a packet" + of + ", against rtpengine", value: median(cost[wayBorder]) / median(cost[wayRTPEngine]), most: 1}.write(w)
	bar{name: "p99 one way" + of + ", against rtpengine", value: median(late[wayBorder]) / median(late[wayRTPEngine]), most: 0.5}.write(w)
}
