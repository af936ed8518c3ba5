package e2e

import (
	"fmt"
	"slices"
	"time"
)

// fate is how a record must say that a call of a kind went.
type fate struct {
	answered bool
	a, b     RecordLeg // side, status and Q.850 only
}

// fates, by kind. Who hangs up, cancels or never acknowledges is A's peer.
var fates = map[string]fate{
	Talk:   {true, RecordLeg{Side: "remote", Q850: 16}, RecordLeg{Side: "local", Q850: 16}},
	Cancel: {false, RecordLeg{Side: "remote", Status: 487, Q850: 16}, RecordLeg{Side: "local", Status: 487, Q850: 16}},
	Busy:   {false, RecordLeg{Side: "local", Status: 486, Q850: 17}, RecordLeg{Side: "remote", Status: 486, Q850: 17}},
	Silent: {true, RecordLeg{Side: "remote", Status: 408, Q850: 102}, RecordLeg{Side: "local", Status: 408, Q850: 102}},
}

func (l *RecordLeg) ended(as RecordLeg) bool {
	return l != nil && l.Side == as.Side && l.Status == as.Status && l.Q850 == as.Q850
}

// Judge says what is wrong with a storm by its outcome and by the records that
// the product has written of it; nothing is.
func (s Storm) Judge(o StormOutcome, records []Record) []string {
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	for name, o := range map[string]Outcome{"caller": o.Caller, "callee": o.Callee} {
		if o.Created != s.Calls || o.Succeeded != s.Calls || o.Failed != 0 || o.Unexpected != 0 || o.GaveUp {
			fault("the %s has seen %d calls of %d succeed, %d fail, %d unexpected messages; it gave up: %v\n%s",
				name, o.Succeeded, s.Calls, o.Failed, o.Unexpected, o.GaveUp, o.Errors)
		}
	}
	if !s.lossy() && o.Caller.Unrung != 0 {
		fault("nothing was lost, but %d calls did not ring before they were answered", o.Caller.Unrung)
	}
	if o.Passed.Strange+o.Passed.Failed > 0 || s.lossy() && o.Passed.Lost == 0 {
		fault("the networks did %+v", o.Passed)
	}
	return append(faults, s.judgeRecords(records)...)
}

func (s Storm) judgeRecords(records []Record) []string {
	var faults []string
	want, got := map[string]int{}, map[string]int{}
	for n := range s.Calls {
		want[Kind(n)]++
	}
	ids := map[string]bool{}
	for _, r := range records {
		ids[r.ID] = true
		kind := kindOf(r.Called)
		f := fates[kind]
		if (r.Answered != nil) == f.answered && r.A.ended(f.a) && r.B.ended(f.b) {
			got[kind]++
			continue
		}
		if len(faults) < 5 { // they are all alike
			faults = append(faults, fmt.Sprintf("not the record of a call of kind %s: %+v, B %+v", kind, r, r.B))
		}
	}
	if len(records) != s.Calls || len(ids) != s.Calls {
		faults = append(faults, fmt.Sprintf("%d records of %d calls speak of %d", len(records), s.Calls, len(ids)))
	}
	for _, kind := range []string{Talk, Cancel, Busy, Silent} {
		if got[kind] != want[kind] {
			faults = append(faults, fmt.Sprintf("%d records of %d calls of kind %s", got[kind], want[kind], kind))
		}
	}
	return faults
}

func kindOf(called string) string {
	if called != "" {
		for kind, digit := range digits {
			if int(called[len(called)-1]-'0') == digit {
				return kind
			}
		}
	}
	return ""
}

// Held is the rate, in calls a second, at which the product saw the first 95 %
// of its calls begin: where messages are lost, the last come by repetition.
func Held(records []Record) float64 {
	if len(records) < 2 {
		return 0
	}
	var starts []time.Time
	for i := range records {
		starts = append(starts, records[i].Start)
	}
	slices.SortFunc(starts, time.Time.Compare)
	last := max(1, len(starts)*95/100-1)
	return float64(last) / starts[last].Sub(starts[0]).Seconds()
}
