package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

// plan is what a run measures.
type plan struct {
	name   string        // of one round's files
	rate   int           // calls a second
	length time.Duration // of one round
	burst  int           // calls at a stretch; 0 is a whole round
	rounds int
	ring   time.Duration // of each call, from 180 to 200
	talk   time.Duration // of each call, from ACK to BYE
	held   int           // established calls of the memory trial; 0 leaves it out
	keep   string
}

// named is p for one round of one process.
func (p plan) named(name string, round int) plan {
	p.name = fmt.Sprintf("%s-%d", name, round)
	return p
}

func (p plan) describe() string {
	text := fmt.Sprintf("%d calls/s for %v", p.rate, p.length)
	if p.burst > 0 {
		text += fmt.Sprintf(" in bursts of %d", p.burst)
	}
	return text + fmt.Sprintf(", ringing %v, talking %v, two port pairs a call that rest for 2 s at least, no RTP, records on", p.ring, p.talk)
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run returns 0 if every call of every round came through, 1 if one did not or
// nothing could be measured, 2 if it was used wrongly.
func run(args []string, stdout, stderr io.Writer) int {
	measured := trial.loadAndMemory
	if len(args) > 0 {
		switch args[0] {
		case "media":
			return runMedia(args[1:], stdout, stderr)
		case "rtpengine":
			return runRTPEngine(args[1:], stdout, stderr)
		case "flood":
			return runFlood(args[1:], stdout, stderr)
		case "storm":
			return runStorm(args[1:], stdout, stderr)
		case "features":
			return runFeatures(args[1:], stdout, stderr)
		case "stock":
			measured, args = trial.against, args[1:]
		}
	}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(stderr)
	var p plan
	f.IntVar(&p.rate, "rate", 1000, "calls a second")
	f.DurationVar(&p.length, "length", 10*time.Second, "of one round")
	f.IntVar(&p.burst, "burst", 0, "calls at a stretch, so that the ports of a rate fit within the descriptors; 0 is a whole round")
	f.IntVar(&p.rounds, "rounds", 3, "counted rounds, after one that is not")
	f.DurationVar(&p.ring, "ring", 200*time.Millisecond, "from 180 to 200")
	f.DurationVar(&p.talk, "talk", time.Second, "from ACK to BYE")
	f.IntVar(&p.held, "held", 1000, "established calls of the memory trial; 0 leaves it out")
	f.StringVar(&p.keep, "keep", "", "leave the files of the run in a new folder within `DIR`")
	record := f.String("record", "", "also append the report to `FILE`")
	if err := f.Parse(args); err != nil {
		return 2
	}
	if f.NArg() > 0 || p.rate < 1 || p.length < time.Second || p.rounds < 1 || p.ring < time.Millisecond || p.talk < time.Millisecond || p.held < 0 || p.burst < 0 {
		fmt.Fprintln(stderr, "bench: a rate and rounds of at least 1, a length of at least 1s, ring and talk of at least 1ms, and nothing else")
		return 2
	}
	return carried("bench", *record, stdout, stderr, func(ctx context.Context, w io.Writer) (bool, error) { return measure(ctx, p, measured, w) })
}

// loadAndMemory is the run without a name.
func (t trial) loadAndMemory(ctx context.Context, p plan, w io.Writer) (sound bool, err error) {
	sound, err = t.load(ctx, p, w)
	if err != nil || p.held == 0 {
		return sound, err
	}
	return sound, t.memory(ctx, p.held, w)
}

// measure prepares a trial and writes its report as it comes. sound is false
// when a call was lost.
func measure(ctx context.Context, p plan, what func(trial, context.Context, plan, io.Writer) (bool, error), w io.Writer) (sound bool, err error) {
	s, err := openSIPpShop(ctx, p.keep)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	s.conditions.write(w)
	return what(s.trial, ctx, p, w)
}

func appendTo(path, text string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(text); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
