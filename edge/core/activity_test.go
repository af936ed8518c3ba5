package core

import (
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/edge/cdr"
	"sekisho/edge/seam"
)

// wantActivities compares the events that were told since it was last asked.
func (r *rig) wantActivities(want ...string) {
	r.t.Helper()
	var got []string
	for _, a := range r.activities {
		words := []string{a.Tenant, a.Event.String()}
		for _, w := range []string{a.Centre, a.Extension} {
			if w != "" {
				words = append(words, w)
			}
		}
		if a.Event != cdr.HoldStart && a.Event != cdr.Queued && a.Event != cdr.Offered {
			words = append(words, a.Took.Round(time.Second).String())
		}
		if a.Call == "" || a.At.IsZero() {
			r.t.Errorf("an event of no call, or at no time: %+v", a)
		}
		got = append(got, strings.Join(words, " "))
	}
	r.activities = nil
	if !slices.Equal(got, want) {
		r.t.Errorf("activities\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// TestCentreHistory: each caller of a call centre is queued and leaves it in one
// way (SPEC R58); a ring group has no history.
func TestCentreHistory(t *testing.T) {
	centre := Group{Extension: "3701", Queues: true, Timeout: 20 * time.Second, Members: members("1002")}
	for _, c := range []struct {
		name  string
		group func(*Group)
		rings bool // the agent does not answer
		ends  time.Duration
		want  []string
	}{
		{"an agent answers", func(*Group) {}, false, 30 * time.Second, []string{"t1 queued 3701", "t1 offered 3701 1002", "t1 connected 3701 1002 0s"}},
		{"the caller hangs up", func(*Group) {}, true, 5 * time.Second, []string{"t1 queued 3701", "t1 offered 3701 1002", "t1 abandoned 3701 5s"}},
		{"nobody answers", func(*Group) {}, true, 30 * time.Second, []string{"t1 queued 3701", "t1 offered 3701 1002", "t1 unanswered 3701 20s"}},
		{"somebody else is named", func(g *Group) { g.Overflow = "1001" }, true, 30 * time.Second, []string{"t1 queued 3701", "t1 offered 3701 1002", "t1 overflowed 3701 20s"}},
		{"a ring group", func(g *Group) { g.Queues = false }, false, 30 * time.Second, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, 1, 0)
			g := centre
			c.group(&g)
			r.groups(5, g)
			if c.rings {
				r.p2.script = []int{180}
			}
			a := r.fromBorder(seam.Call{Called: "0300000137", Caller: outside})
			r.run(c.ends)
			r.do(r.border, a, hangUp)
			r.run(time.Second)
			r.wantActivities(c.want...)
		})
	}
}
