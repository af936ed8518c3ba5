package main

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"sekisho/edge/config"
	"sekisho/edge/lab/load"
)

// proc_stat(5): user nice system idle iowait irq softirq steal guest guest_nice.
func TestParseIdle(t *testing.T) {
	cores, got, err := parseIdle([]byte("cpu  1 2 3 400 50 6 7 8 9 10\ncpu0 1 2 3 300 10 6 7 8 9 10\ncpu1 0 0 0 100 40 0 0 0 0 0\nintr 1 2 3 4 5 6 7 8\n"))
	if err != nil || cores != 2 || got != 4580*time.Millisecond {
		t.Errorf("%d cores, %v, %v", cores, got, err)
	}
	for _, wrong := range []string{"", "cpu0 1 2 3", "cpu0 1 2 3 x 5 6 7 8\n", "cpu  1 2 3 4 5 6 7 8\n", "intr 1 2 3 4 5 6 7 8\n"} {
		if cores, got, err := parseIdle([]byte(wrong)); err == nil {
			t.Errorf("%q was read as %d cores, %v", wrong, cores, got)
		}
	}
}

// TestSummarise: medians of the rounds, each with the direct path of its own
// round subtracted.
func TestSummarise(t *testing.T) {
	round := func(way string, busy, process, p99 float64) mediaRound {
		r := &load.Report{}
		r.Latency.P99 = time.Duration(p99 * 1e6)
		return mediaRound{Way: way, Busy: busy, Border: process, Report: r}
	}
	r := mediaRun{Rounds: []mediaRound{
		round(wayDirect, 3, 0, 0.1), round(wayBorder, 10, 5, 1),
		round(wayDirect, 30, 0, 0.2), round(wayBorder, 38, 6, 3),
		round(wayDirect, 3, 0, 0.3), round(wayBorder, 12, 9, 2),
	}}
	r.summarise(mediaPlan{ways: []string{wayDirect, wayBorder}, rounds: 3})
	if r.PerPacket[wayBorder] != 8 || r.Process[wayBorder] != 6 || math.Abs(r.P99[wayBorder]-2) > 1e-9 || len(r.PerPacket) != 1 {
		t.Errorf("%+v %+v %+v", r.PerPacket, r.Process, r.P99)
	}
	r.Rounds[3].Report.Media[1].Lost = 3
	r.Rounds[2].Report.Media[0].Lost = 50 // of the direct path
	var b strings.Builder
	if err := r.write(&b); err != nil || !strings.Contains(b.String(), "border: one way p99 2.00 ms; machine 8.00 us") ||
		!strings.Contains(b.String(), "through the border: 3.00, at most 0: MISSED") || !strings.Contains(b.String(), "2.00 ms, at most 10 ms: met") {
		t.Errorf("%v, %s", err, b.String())
	}
}

// TestMediaSound: packets lost through the border spoil a run, those through
// the embedded core only with the calls they belong to.
func TestMediaSound(t *testing.T) {
	for _, c := range []struct {
		way    string
		lost   uint64
		failed int
		want   bool
	}{
		{wayBorder, 0, 0, true}, {wayBorder, 1, 0, false}, {wayBorder, 0, 1, false}, {wayDirect, 1, 0, false},
		{wayCore, 0, 0, true}, {wayCore, 1, 0, true}, {wayCore, 0, 1, false},
	} {
		r := &load.Report{Calls: map[string]load.Outcome{"talked": {Placed: 1, Kept: 1 - c.failed}}}
		r.Media[0].Lost = c.lost
		if c.failed > 0 {
			r.Calls["talked"] = load.Outcome{Placed: 1, Failed: map[string]int{"no answer": c.failed}}
		}
		if got := (&mediaRun{Rounds: []mediaRound{{Way: c.way, Report: r}}}).sound(); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func TestReadMediaPlan(t *testing.T) {
	p, _, err := readMediaPlan([]string{"-calls", "100", "-rate", "20", "-length", "10s"}, &bytes.Buffer{})
	if err != nil || p.direct != 0 || p.load.Talk < 15*time.Second || len(p.ways) != 2 {
		t.Errorf("%+v, %v", p, err)
	}
	for _, wrong := range []string{
		"-calls 0", "-calls 9001", "-rate 0", "-length 1ms", "-direct -1s", "-rounds 0", "-ways north", "-break all", "-border 127.0.0.1:5060", "more", "-nonsense",
	} {
		if _, _, err := readMediaPlan(strings.Fields(wrong), &bytes.Buffer{}); err == nil {
			t.Errorf("%s was accepted", wrong)
		}
	}
}

// TestMediaSites: both sites are configurations of the product.
func TestMediaSites(t *testing.T) {
	for _, way := range []string{wayBorder, wayCore} {
		text, err := mediaTrial{way: way, folder: t.TempDir()}.site()
		if err != nil {
			t.Fatal(err)
		}
		c, err := config.Parse("media.yaml", []byte(text.text))
		if err != nil {
			t.Fatalf("%s: %v\n%s", way, err, text.text)
		}
		if embedded := c.Core.Mode == config.Embedded; embedded != (way == wayCore) {
			t.Errorf("%s: embedded is %v", way, embedded)
		}
	}
}
