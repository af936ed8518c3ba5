package load

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sekisho/edge/cdr"
)

// TestQualityIsFound: of what both ends lose, one packet in fifty, the product
// finds every one, at the leg and in the direction where it is lost; while calls
// stand by asking for them, and in their records.
func TestQualityIsFound(t *testing.T) {
	if os.Getenv("SEKISHO_REQUIRE") == "" {
		t.Skip("seconds of real time: runs where SEKISHO_REQUIRE is set")
	}
	t.Parallel()
	file := filepath.Join(t.TempDir(), "cdr.jsonl")
	at, n := openNode(t, fmt.Sprintf("cdr: {file: %q}\n", file))
	c := direct()
	c.Caller, c.Callee, c.Border = at.carrier, at.core, at.border
	c.Calls, c.Rate, c.Talk, c.Fault = 6, 30, 4*time.Second, Lose
	trial, err := Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); trial.Counts().Talking < c.Calls && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond)
	}
	time.Sleep(time.Second)
	calls, err := n.Calls(t.Context())
	if err != nil || len(calls) != c.Calls || len(calls[0].Trunks) != 2 {
		t.Errorf("%d calls stand: %+v, %v", len(calls), calls, err)
	}
	for _, k := range calls {
		legs, err := n.Media(t.Context(), k.ID)
		if err != nil || len(legs) != 2 || legs[0].Media == nil || legs[1].Media == nil || legs[0].Media.In.Packets < 20 || legs[1].Media.In.Packets < 20 {
			t.Errorf("call %s: %+v, %v", k.ID, legs, err)
		}
	}
	if legs, err := n.Media(t.Context(), "nobody"); legs != nil || err != nil {
		t.Errorf("%v, %v of a call that does not stand", legs, err)
	}
	report := trial.Wait()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if s, err := n.State(t.Context()); err != nil || s.Records == uint64(c.Calls) {
			break
		}
	}
	var lost [sides]uint64
	for _, r := range records(t, file) {
		if r.A.Quality == nil || r.B == nil || r.B.Quality == nil {
			t.Fatalf("a record without quality: %+v", r)
		}
		for side, l := range []*cdr.Leg{&r.A, r.B} {
			in := &l.Quality.In
			lost[side] += in.Lost
			if in.Fault != cdr.Loss || in.LQ == nil || in.LQ.Average > 4.38 || in.LQ.Average < 4 || in.PtimeMS != 20 || in.Source != "local" {
				t.Errorf("%s: %+v", l.Trunk, in)
			}
		}
	}
	for side, d := range report.Media {
		// What is lost at the very end of a stream nobody can miss.
		if d.Lost < 12 || lost[side] > d.Lost || lost[side]+uint64(d.Streams) < d.Lost {
			t.Errorf("%d of the %s's packets were lost, %d were missed", d.Lost, d.From, lost[side])
		}
	}
}

func records(t *testing.T, file string) (all []cdr.Record) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var r cdr.Record
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}
