package main

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"text/template"
	"time"

	"sekisho/edge/lab/e2e"
	"sekisho/edge/lab/load"
)

//go:embed testdata/media.yaml.tmpl
var mediaSite string

// The ways of the calls: generator to generator, through the border to a core
// that the generator plays, through the border, the embedded core and the
// border again.
const (
	wayDirect = "direct"
	wayBorder = "border"
	wayCore   = "core"
)

// mediaPlan is what a run with media measures.
type mediaPlan struct {
	load   load.Config
	ways   []string
	length time.Duration // measured, while all calls stand
	direct time.Duration // the same of the direct path; 0 is length
	rounds int
	keep   string
	// keyed is how many rounds are repeated with SRTP on the caller's side.
	keyed int
	// pid is the border that runs already, when load.Border is given.
	pid int
}

// settling is left out between the last answer and the figures.
const settling = 2 * time.Second

// runMedia is `bench media`. Its result is run's.
func runMedia(args []string, stdout, stderr io.Writer) int {
	p, out, err := readMediaPlan(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 2
	}
	if err != nil {
		fmt.Fprintln(stderr, "bench media:", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	var text strings.Builder
	all, err := measureMedia(ctx, p, io.MultiWriter(stdout, &text))
	if err == nil && out.record != "" {
		err = appendTo(out.record, text.String())
	}
	if err == nil && out.json != "" {
		err = writeJSON(out.json, all)
	}
	if err != nil {
		fmt.Fprintln(stderr, "bench media:", err)
		return 1
	}
	if !all.sound() {
		return 1
	}
	return 0
}

// destinations are files for the report; none where they are empty.
type destinations struct{ record, json string }

func readMediaPlan(args []string, stderr io.Writer) (p mediaPlan, out destinations, err error) {
	f := flag.NewFlagSet("bench media", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.IntVar(&p.load.Calls, "calls", 500, "that stand at the same time")
	f.Float64Var(&p.load.Rate, "rate", 50, "calls a second until they do")
	f.DurationVar(&p.length, "length", time.Minute, "measured while they stand")
	f.DurationVar(&p.direct, "direct", 0, "the same of the direct path; 0 is -length")
	f.IntVar(&p.rounds, "rounds", 1, "of each way, by turns")
	f.IntVar(&p.load.Share, "share", 0, "calls that share a socket of the generator; 0 is its default")
	f.Uint64Var(&p.load.Seed, "seed", 1, "of arrivals and payloads")
	f.StringVar(&p.keep, "keep", "", "leave the files of the run in a new folder within `DIR`")
	ways := f.String("ways", wayDirect+","+wayBorder, "of "+strings.Join([]string{wayDirect, wayBorder, wayCore}, ", "))
	fault := f.String("break", load.NoFault.String(), "`FAULT` of the line: lose, repeat, corrupt or swap one packet in fifty")
	address := func(to *netip.AddrPort, name, usage string) { f.TextVar(to, name, netip.AddrPort{}, usage) }
	address(&p.load.Border, "border", "`ADDR` of a border that runs already, whose trunk and core are the generator; nothing is started then")
	address(&p.load.Caller, "caller", "`ADDR` of that trunk")
	address(&p.load.Callee, "callee", "`ADDR` of that core")
	callers := f.String("callers", "", "`NUMBERS` that call there, by turns")
	f.IntVar(&p.pid, "pid", 0, "of that border, for its CPU time")
	live := f.Bool("allow-live", false, "speak to addresses that are neither loopback nor for documentation")
	f.StringVar(&out.record, "record", "", "also append the report to `FILE`")
	f.StringVar(&out.json, "json", "", "also write it to `FILE`")
	if err := f.Parse(args); err != nil {
		return p, out, flag.ErrHelp // said already
	}
	p.ways = strings.Split(*ways, ",")
	for _, w := range p.ways {
		if w != wayDirect && w != wayBorder && w != wayCore {
			return p, out, fmt.Errorf("no way is called %q", w)
		}
	}
	if *callers != "" {
		p.load.Callers = strings.Split(*callers, ",")
	}
	if *live {
		p.load.Scope = load.Live
	}
	if p.load.Fault, err = load.ParseFault(*fault); err != nil {
		return p, out, err
	}
	if f.NArg() > 0 || p.load.Calls < 1 || p.load.Calls > 9000 || !(p.load.Rate > 0) || p.length < time.Second || p.direct < 0 || p.rounds < 1 {
		return p, out, errors.New("1 to 9000 calls, a rate, a length of at least 1s and at least 1 round, and nothing else")
	}
	if running := p.load.Border.IsValid(); running != (p.load.Caller.IsValid() && p.load.Callee.IsValid() && len(p.load.Callers) > 0) {
		return p, out, errors.New("-border, -caller, -callee and -callers go together")
	}
	// The trial is stopped when it has been measured; no call ends before.
	ramp := time.Duration(float64(p.load.Calls) / p.load.Rate * float64(time.Second))
	p.load.Talk = ramp + p.length + time.Minute
	return p, out, nil
}

// mediaRun is all that was measured.
type mediaRun struct {
	Conditions map[string]string `json:"conditions"`
	Rounds     []mediaRound      `json:"rounds"`
	// PerPacket is the median of all rounds' microseconds of the whole machine
	// for each relayed packet, the direct path subtracted, by the way. Process
	// is what of that the border process was charged with.
	PerPacket map[string]float64 `json:"machine_us_per_relayed_packet"`
	Process   map[string]float64 `json:"process_us_per_relayed_packet"`
	P99       map[string]float64 `json:"one_way_p99_ms"`
	// SRTP is the same with SRTP on the caller's side, where that was measured.
	SRTP *mediaRun `json:"srtp,omitempty"`
}

// mediaRound is one trial of one way.
type mediaRound struct {
	Way    string `json:"way"`
	Calls  int    `json:"calls"`
	Packet uint64 `json:"packets"` // received within the measured time
	// Busy is the cores' time for each packet, in microseconds, Border and
	// Generator what of that the two processes were charged with.
	Busy      float64      `json:"machine_us_per_packet"`
	Border    float64      `json:"process_us_per_packet"`
	Generator float64      `json:"generator_us_per_packet"`
	Cores     float64      `json:"cores_busy"`
	Report    *load.Report `json:"report"`
}

// sound reports that nothing was lost. Through the embedded core calls must not
// fail; its packets are reported only.
func (r *mediaRun) sound() bool {
	for _, round := range r.Rounds {
		faults := len(round.Report.Faults())
		if round.Way == wayCore {
			faults = failedCalls(round.Report)
		}
		if faults > 0 {
			return false
		}
	}
	return true
}

func failedCalls(r *load.Report) int {
	n := 0
	for _, o := range r.Calls {
		for _, f := range o.Failed {
			n += f
		}
	}
	return n
}

// measureMedia takes the ways by turns, so that what else the machine does
// falls on all of them.
func measureMedia(ctx context.Context, p mediaPlan, w io.Writer) (all *mediaRun, err error) {
	s, err := openShop(ctx, p.keep)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	s.conditions.write(w)
	fmt.Fprintf(w, "  %d calls with G.711 every 20 ms both ways, %d packets/s; %d descriptors a process\n",
		p.load.Calls, p.load.Calls*100, s.conditions.descriptors)
	all = &mediaRun{Conditions: s.conditions.fields()}
	for i := range p.rounds {
		for _, way := range p.ways {
			fmt.Fprintf(w, "\nround %d, %s\n", i+1, way)
			r, err := mediaTrial{folder: s.folder, binary: s.binary, plan: p, way: way, round: i}.measure(ctx)
			if err != nil {
				return all, fmt.Errorf("%s: %w", way, err)
			}
			if err := r.write(w); err != nil {
				return all, err
			}
			all.Rounds = append(all.Rounds, r)
		}
	}
	all.summarise(p)
	return all, all.write(w)
}

// mediaTrial is one round of one way.
type mediaTrial struct {
	folder, binary string
	plan           mediaPlan
	way            string
	round          int
}

func (t mediaTrial) measure(ctx context.Context) (r mediaRound, err error) {
	c, pid := t.plan.load, t.plan.pid
	switch {
	case t.way == wayDirect:
		at := netip.AddrPortFrom(e2e.Loopback(), 0)
		if c.Caller.IsValid() {
			c.Border = netip.AddrPort{}
			break
		}
		c.Caller, c.Callee, c.Callers, pid = at, at, []string{"09000002000"}, 0
	case !c.Border.IsValid():
		site, product, err := t.start(ctx)
		if err != nil {
			return r, err
		}
		defer func() { err = errors.Join(err, product.Stop(15*time.Second)) }()
		c.Caller, c.Callee, c.Border, pid = site.Caller, site.Callee, site.West, product.PID()
		for _, m := range site.Mobiles {
			c.Callers = append(c.Callers, m.MSISDN)
		}
	}
	if t.way == wayDirect {
		pid = 0
	}
	return t.run(ctx, c, pid)
}

// run measures what stands between the two ends of c's calls, and the process pid
// there.
func (t mediaTrial) run(ctx context.Context, c load.Config, pid int) (r mediaRound, err error) {
	trial, err := load.Start(ctx, c)
	if err != nil {
		return r, err
	}
	before, first, err := t.stand(ctx, trial, pid)
	var after instant
	var last load.Counts
	if err == nil {
		err = pause(ctx, t.length())
	}
	if err == nil {
		after, err = readInstant(pid)
		last = trial.Counts()
	}
	trial.Stop()
	r = mediaRound{Way: t.way, Calls: c.Calls, Report: trial.Wait(), Packet: last.Received - first.Received}
	if err != nil {
		if r.Report != nil {
			err = errors.Join(err, errors.New(strings.Join(r.Report.Faults(), "; ")))
		}
		return r, err
	}
	each := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 / float64(max(1, r.Packet)) }
	busy := after.busySince(before)
	r.Busy, r.Cores = each(busy), busy.Seconds()/after.at.Sub(before.at).Seconds()
	r.Border, r.Generator = each(after.process.minus(before.process).sum()), each(after.self.minus(before.self).sum())
	return r, nil
}

func (t mediaTrial) length() time.Duration {
	if t.way == wayDirect {
		return cmp.Or(t.plan.direct, t.plan.length)
	}
	return t.plan.length
}

// stand waits until all calls speak.
func (t mediaTrial) stand(ctx context.Context, trial *load.Trial, pid int) (instant, load.Counts, error) {
	patience := time.After(time.Duration(float64(t.plan.load.Calls)/t.plan.load.Rate*float64(time.Second)) + 30*time.Second)
	for trial.Counts().Talking < t.plan.load.Calls {
		select {
		case <-ctx.Done():
			return instant{}, load.Counts{}, ctx.Err()
		case <-trial.Ended():
			return instant{}, load.Counts{}, errors.New("the trial ended before all calls stood")
		case <-patience:
			return instant{}, load.Counts{}, fmt.Errorf("%d of %d calls stand", trial.Counts().Talking, t.plan.load.Calls)
		case <-time.After(50 * time.Millisecond):
		}
	}
	if err := pause(ctx, settling); err != nil {
		return instant{}, load.Counts{}, err
	}
	before, err := readInstant(pid)
	return before, trial.Counts(), err
}

// mediaPlace fills the template of the site.
type mediaPlace struct {
	e2e.Site
	Caller, Callee, PSTN netip.AddrPort
	Embedded             bool
	SRTP                 bool   // the trunk's media is keyed
	text                 string // the configuration
}

// start runs the product for one round.
func (t mediaTrial) start(ctx context.Context) (*mediaPlace, *e2e.Instance, error) {
	place, err := t.site()
	if err != nil {
		return nil, nil, err
	}
	if err := os.WriteFile(place.Config(), []byte(place.text), 0o644); err != nil {
		return nil, nil, err
	}
	product, err := e2e.Start(ctx, t.binary, &place.Site)
	return place, product, err
}

// site prepares the place of one round and its configuration.
func (t mediaTrial) site() (*mediaPlace, error) {
	folder, err := makeFolder(t.folder, fmt.Sprintf("%s-%d", t.way, t.round))
	if err != nil {
		return nil, err
	}
	site, err := e2e.NewSite(folder, 50)
	if err != nil {
		return nil, err
	}
	place := &mediaPlace{Site: *site, Caller: site.Carrier, Callee: site.Core, Embedded: t.way == wayCore}
	// The public network is where the embedded core's calls end; with an external
	// core nobody is there.
	place.PSTN = netip.AddrPortFrom(site.Carrier.Addr(), 9)
	if place.Embedded {
		place.PSTN = place.Callee
	}
	place.text, err = place.configure()
	return place, err
}

// configure returns the configuration of the place.
func (p *mediaPlace) configure() (string, error) {
	model, err := template.New("media").Parse(mediaSite)
	if err != nil {
		return "", fmt.Errorf("read the template of a site: %w", err)
	}
	var text strings.Builder
	if err := model.Execute(&text, p); err != nil {
		return "", fmt.Errorf("write the configuration: %w", err)
	}
	return text.String(), nil
}

func (r *mediaRound) write(w io.Writer) error {
	fmt.Fprintf(w, "%d packets while all stood: each took %.2f us of the machine, %.2f us of the border's process, %.2f us of the generator's; "+
		"%.2f cores busy\n", r.Packet, r.Busy, r.Border, r.Generator, r.Cores)
	return r.Report.Write(w)
}

// summarise takes medians over the rounds, the direct path of the same round
// subtracted.
func (r *mediaRun) summarise(p mediaPlan) {
	r.PerPacket, r.Process, r.P99 = map[string]float64{}, map[string]float64{}, map[string]float64{}
	machine, process, p99 := map[string][]float64{}, map[string][]float64{}, map[string][]float64{}
	for i := range p.rounds {
		rounds := r.Rounds[i*len(p.ways) : (i+1)*len(p.ways)]
		direct := 0.0
		for _, round := range rounds {
			if round.Way == wayDirect {
				direct = round.Busy
			}
		}
		for _, round := range rounds {
			p99[round.Way] = append(p99[round.Way], float64(round.Report.Latency.P99)/1e6)
			if round.Way != wayDirect && direct > 0 {
				machine[round.Way] = append(machine[round.Way], round.Busy-direct)
			}
			process[round.Way] = append(process[round.Way], round.Border)
		}
	}
	for way := range p99 {
		r.P99[way], r.Process[way] = median(p99[way]), median(process[way])
		if len(machine[way]) > 0 {
			r.PerPacket[way] = median(machine[way])
		}
	}
}

func (r *mediaRun) write(w io.Writer) error {
	for _, way := range [...]string{wayDirect, wayBorder, wayCore} {
		p99, ok := r.P99[way]
		if !ok {
			continue
		}
		line := fmt.Sprintf("\n%s: one way p99 %.2f ms", way, p99)
		if us, ok := r.PerPacket[way]; ok {
			line += fmt.Sprintf("; machine %.2f us a relayed packet above the direct path", us)
		}
		if way != wayDirect {
			line += fmt.Sprintf("; border process %.2f us", r.Process[way])
		}
		if way == wayCore {
			line += ", which relays each packet three times: border, embedded core, border"
		}
		if _, err := fmt.Fprint(w, line+" (medians)"); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	if p99, ok := r.P99[wayBorder]; ok {
		bar{name: "packets lost through the border", value: float64(r.lost(wayBorder))}.write(w)
		bar{name: "p99 one way through the border", value: p99, most: latestMost, unit: "ms"}.write(w)
	}
	return nil
}

// latestMost is the most milliseconds that 99 of 100 packets may take.
const latestMost = 10

// lost is by the sequence numbers received.
func (r *mediaRun) lost(way string) uint64 {
	sum := uint64(0)
	for _, round := range r.Rounds {
		if round.Way == way {
			sum += round.Report.Media[0].Lost + round.Report.Media[1].Lost
		}
	}
	return sum
}

func writeJSON(path string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Clean(path), append(text, '\n'), 0o644)
}
