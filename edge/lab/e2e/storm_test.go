package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/edge/lab/siptest"
)

// TestStorm is the small edition of `bench storm`: 1,000 calls of all kinds each
// way, on a clean network and on one that loses and reorders, two at a time on
// one process. Each call must have the outcome that its script wants, each its
// record, and nothing may be left.
func TestStorm(t *testing.T) {
	Need(t, "sipp")
	NeedTime(t, "calls that nobody acknowledges end after 32 s, and so does what is waited for where messages are lost")
	t.Parallel()
	for name, network := range map[string]siptest.Impairment{"clean": {}, "lossy": {Loss: 0.02, Reorder: 0.05}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, way := range []Way{FromCarrier, FromCore} {
				t.Run(string(way), func(t *testing.T) {
					t.Parallel()
					storm(t, Storm{Way: way, Calls: 1000, Rate: 100, Network: network, Seed: 7, Name: "storm"})
				})
			}
		})
	}
}

func storm(t *testing.T, s Storm) {
	site, err := NewSite(t.TempDir(), 50)
	if err != nil {
		t.Fatal(err)
	}
	product := open(t, site)
	debug(t, product) // what the first look costs stays
	before := debug(t, product)
	o, err := s.Run(t.Context(), site, nil)
	if err != nil {
		t.Fatal(err)
	}
	ended := time.Now()
	records, err := ReadRecords(site.Records())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range s.Judge(o, records) {
		t.Error(f)
	}
	judgeRecovery(t, product, before, HeapSlack(s.Calls), ended)
	t.Logf("%.0f calls/s; lost %d, held back %d of %d datagrams; sent again %d and %d", Held(records), o.Passed.Lost, o.Passed.Delayed, o.Passed.Received,
		o.Caller.Retransmitted, o.Callee.Retransmitted)
}

// TestStormJudge proves the judge: each thing that can go wrong is said.
func TestStormJudge(t *testing.T) {
	s := Storm{Way: FromCarrier, Calls: 20}
	sound := func() (o StormOutcome, records []Record) {
		o.Caller, o.Callee = Outcome{Created: 20, Succeeded: 20}, Outcome{Created: 20, Succeeded: 20}
		for n := range s.Calls {
			f := fates[Kind(n)]
			r := Record{ID: string(rune('a' + n)), Called: "030000900" + string(rune('0'+digits[Kind(n)])), A: f.a, B: new(RecordLeg)}
			*r.B = f.b
			if f.answered {
				r.Answered = new(time.Time)
			}
			records = append(records, r)
		}
		return o, records
	}
	if faults := s.Judge(sound()); len(faults) > 0 {
		t.Fatalf("a sound storm: %q", faults)
	}
	for name, c := range map[string]struct {
		spoil func(*StormOutcome, *[]Record)
		said  string
	}{
		"failed":       {func(o *StormOutcome, _ *[]Record) { o.Caller.Failed++ }, "1 fail"},
		"missing":      {func(o *StormOutcome, _ *[]Record) { o.Callee.Created-- }, "callee"},
		"unexpected":   {func(o *StormOutcome, _ *[]Record) { o.Callee.Unexpected++ }, "1 unexpected"},
		"gave up":      {func(o *StormOutcome, _ *[]Record) { o.Caller.GaveUp = true }, "gave up: true"},
		"unrung":       {func(o *StormOutcome, _ *[]Record) { o.Caller.Unrung++ }, "did not ring"},
		"strange":      {func(o *StormOutcome, _ *[]Record) { o.Passed.Strange++ }, "networks"},
		"no record":    {func(_ *StormOutcome, r *[]Record) { *r = (*r)[1:] }, "19 records of 20"},
		"twice":        {func(_ *StormOutcome, r *[]Record) { (*r)[0] = (*r)[1] }, "speak of 19"},
		"wrong cause":  {func(_ *StormOutcome, r *[]Record) { (*r)[3].A.Q850 = 31 }, "kind cancel"},
		"wrong side":   {func(_ *StormOutcome, r *[]Record) { (*r)[7].B.Side = "local" }, "kind busy"},
		"not answered": {func(_ *StormOutcome, r *[]Record) { (*r)[0].Answered = nil }, "kind talk"},
		"no leg B":     {func(_ *StormOutcome, r *[]Record) { (*r)[11].B = nil }, "kind silent"},
	} {
		o, records := sound()
		c.spoil(&o, &records)
		if faults := s.Judge(o, records); !strings.Contains(strings.Join(faults, "\n"), c.said) {
			t.Errorf("%s: the judge says %q, and nothing of %q", name, faults, c.said)
		}
	}
	kinds := make([]string, 40)
	for n := range kinds {
		kinds[n] = Kind(n)
	}
	count := func(kind string) (n int) {
		for _, k := range kinds {
			if k == kind {
				n++
			}
		}
		return n
	}
	if count(Cancel) != 4 || count(Busy) != 2 || count(Silent) != 2 || slices.Contains(kinds, "") {
		t.Errorf("kinds %q", kinds)
	}
}

// TestHeld: the last calls, which came by repetition, do not count.
func TestHeld(t *testing.T) {
	var records []Record
	for n := range 100 {
		records = append(records, Record{Start: time.Unix(100, 0).Add(time.Duration(n) * 10 * time.Millisecond)})
	}
	records[99].Start = time.Unix(160, 0)
	slices.Reverse(records)
	if got := Held(records); got < 99 || got > 101 || Held(records[:1]) != 0 {
		t.Errorf("%v calls/s, want 100", got)
	}
}
