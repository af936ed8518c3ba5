package core

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/edge/seam"
	"sekisho/edge/sip/leg"
	"sekisho/policy/number"
)

// groups replaces the groups of the tenant under test, and with channels its
// mobile channels.
func (r *rig) groups(channels int, groups ...Group) {
	tenants := testTenants()
	tenants[0].Groups, tenants[0].Channels = groups, channels
	r.app.Reload(r.now, tenants)
}

// rung lists whom the core has dialled, in order, since the trace had n lines.
func (r *rig) rung(n int) []string {
	var list []string
	for _, line := range r.trace[n:] {
		if m := regexp.MustCompile(` INVITE sip:(\d+)@`).FindStringSubmatch(line); m != nil && !strings.Contains(line, "> "+addrSeam.String()) {
			list = append(list, m[1])
		}
	}
	return slices.Compact(list)
}

func (r *rig) wantRung(n int, want ...string) {
	r.t.Helper()
	if got := r.rung(n); !slices.Equal(got, want) {
		r.t.Errorf("rung %v, want %v", got, want)
	}
}

func members(extensions ...number.ExtensionNumber) []Member {
	var list []Member
	for _, e := range extensions {
		list = append(list, Member{Extension: e})
	}
	return list
}

// SPEC R70: "Group call rings only as many mobiles as there are channels …
// configured order, skip busy; desk/softphones not limited".
func TestGroupRingsWhatChannelsAllow(t *testing.T) {
	for _, c := range []struct {
		name     string
		channels int
		busy     bool // 2001 talks already
		want     []string
	}{
		{"enough", 5, false, []string{msisdn2001, msisdn2002, msisdn2003, "1002"}},
		{"two", 2, false, []string{msisdn2001, msisdn2002, "1002"}},
		{"none", 0, false, []string{"1002"}},
		{"one of two in use", 2, true, []string{msisdn2002, "1002"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, 1, 0)
			r.groups(c.channels, Group{Extension: "3701", Members: members("2001", "2002", "2003", "1002")})
			if c.busy {
				r.mobileTalks()
			}
			r.border.script, r.p2.script = []int{180}, []int{180}
			from := len(r.trace)
			a := r.fromBorder(seam.Call{Called: "0300000137", Caller: outside})
			r.run(time.Second)
			r.wantRung(from, c.want...)
			r.do(r.border, a, hangUp)
			r.run(time.Second)
			if n := r.app.busyChannels("t1"); n > 1 {
				t.Errorf("%d channels in use after the caller hung up", n)
			}
		})
	}
}

// SPEC R22 to R24: the last resource before the mobile is shown, or the caller
// where the tenant says so; a phone sees the caller.
func TestGroupDisplay(t *testing.T) {
	for _, c := range []struct {
		group  Group
		called string
		want   string
	}{
		{Group{Extension: "3701", Members: members("2003")}, "0300000137", "3701"},
		{Group{Extension: "3701", Members: members("2003"), ShowCaller: true}, "0300000137", outside},
		{Group{Extension: "3701", Queues: true, Members: members("2003")}, "0300000137", "3701"},
		{Group{Extension: "3701", Queues: true, Members: members("2003"), ShowCaller: true}, "0300000137", outside},
	} {
		r := newRig(t, 1, 0)
		r.groups(5, c.group)
		r.fromBorder(seam.Call{Called: c.called, Caller: outside})
		r.run(time.Second)
		if got := r.got(r.border); got.Caller != c.want || got.Called != msisdn2003 {
			t.Errorf("%+v: the mobile is shown %s by a call to %s", c.group, got.Caller, got.Called)
		}
		r.groups(5, Group{Extension: "3701", Members: members("1002")})
		r.fromBorder(seam.Call{Called: "0300000137", Caller: outside})
		r.run(time.Second)
		if got := r.got(r.p2); got.Caller != outside {
			t.Errorf("the phone is shown %s", got.Caller)
		}
	}
}

// SPEC R71, R72: "all legs 480 → A keeps waiting tone, no release"; they are
// asked again after a while. Early media of a mobile is never the caller's.
func TestGroupOutOfRange(t *testing.T) {
	r := newRig(t, 1, 0)
	r.groups(5, Group{Extension: "3701", Members: members("2001", "2002"), Timeout: 50 * time.Second})
	r.border.script, r.border.early = []int{183, 480}, true
	a := r.fromBorder(seam.Call{Called: "0300000137", Caller: outside})
	from := len(r.trace)
	r.run(10 * time.Second)
	if got := strings.Join(r.border.log, "|"); !strings.Contains(got, "180 media=false") || strings.Contains(got, "media=true") {
		t.Errorf("the caller hears of it: %s", got)
	}
	if k := r.only(); k.Stage != hunting || !k.in(first).there() {
		t.Errorf("stage %d: the caller is released", k.Stage)
	}
	r.wantRung(from, msisdn2001, msisdn2002)
	again := len(r.trace)
	r.border.script = []int{180, 200}
	r.run(10 * time.Second)
	r.wantRung(again, msisdn2001, msisdn2002)
	if k := r.only(); k.Stage != talking {
		t.Errorf("stage %d, want the call put through", k.Stage)
	}
	r.do(r.border, a, hangUp)
	r.run(time.Second)
}

// only is the one call that stands.
func (r *rig) only() *call {
	r.t.Helper()
	if len(r.app.calls) != 1 {
		r.t.Fatalf("%d calls", len(r.app.calls))
	}
	for _, k := range r.app.calls {
		return k
	}
	return nil
}

// SPEC R71: the setting when nobody can ring.
func TestGroupUnreached(t *testing.T) {
	for _, c := range []struct {
		name string
		g    Group
		want string
	}{
		{"busy", Group{Unreached: Busy}, "486"},
		{"next, without one", Group{Unreached: Next}, "480"},
		{"next", Group{Unreached: Next, Overflow: "1002"}, "answered"},
		{"the time is over", Group{Timeout: 20 * time.Second}, "480"},
		{"the time is over, with an overflow", Group{Timeout: 20 * time.Second, Overflow: "1002"}, "answered"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, 1, 0)
			c.g.Extension, c.g.Members = "3701", members("2003")
			r.groups(0, c.g) // no channel: no mobile can ring
			r.fromBorder(seam.Call{Called: "0300000137", Caller: outside})
			r.run(25 * time.Second)
			if got := r.border.log[len(r.border.log)-1]; got != c.want && !strings.HasPrefix(got, "ended remote "+c.want+" ") {
				t.Errorf("the caller: %s", got)
			}
		})
	}
}

// One by one, each for its turn, from the first or from the one after the last;
// who declines is not asked again.
func TestGroupByTurns(t *testing.T) {
	r := newRig(t, 1, 0)
	g := Group{Extension: "3701", Strategy: Sequential, Members: members("2001", "2002", "2003"), Turn: 10 * time.Second}
	r.groups(5, g)
	r.border.script = []int{180}
	from := len(r.trace)
	a := r.fromBorder(seam.Call{Called: "0300000137", Caller: outside})
	r.run(25 * time.Second)
	r.wantRung(from, msisdn2001, msisdn2002, msisdn2003)
	if n := len(r.only().rings()); n != 1 {
		t.Errorf("%d ring at a time", n)
	}
	r.border.script = []int{486}
	again := len(r.trace)
	r.run(30 * time.Second)
	r.wantRung(again, msisdn2001, msisdn2002, msisdn2003)
	r.do(r.border, a, hangUp)
	r.run(time.Second)

	g.Strategy = Rotate
	r.groups(5, g)
	r.border.script = []int{180}
	for _, want := range []string{msisdn2001, msisdn2002, msisdn2003, msisdn2001} {
		from := len(r.trace)
		a := r.fromBorder(seam.Call{Called: "0300000137", Caller: outside})
		r.run(time.Second)
		r.wantRung(from, want)
		r.do(r.border, a, hangUp)
		r.run(time.Second)
	}
}

// SPEC §7 7: desk phones at once, mobiles after a while.
func TestGroupDelays(t *testing.T) {
	r := newRig(t, 1, 0)
	r.groups(5, Group{Extension: "3701", Members: []Member{{"1002", 0}, {"2001", 10 * time.Second}, {"2002", 20 * time.Second}}})
	r.p2.script, r.border.script = []int{180}, []int{180}
	from := len(r.trace)
	r.fromBorder(seam.Call{Called: "0300000137", Caller: outside})
	for _, want := range [][]string{{"1002"}, {"1002", msisdn2001}, {"1002", msisdn2001, msisdn2002}} {
		r.run(9 * time.Second)
		r.wantRung(from, want...)
		r.run(2 * time.Second)
	}
}

// A call centre answers at once, plays music, and gives the caller to the agent
// who answers; whoever has waited longest gets the next agent who is free.
func TestQueue(t *testing.T) {
	r := newRig(t, 1, 0)
	r.groups(5, Group{Extension: "3701", Queues: true, Members: members("1002")})
	one := r.fromBorder(seam.Call{Called: "0300000137", Caller: outside})
	r.run(time.Second)
	r.hears("configure 1 192.0.2.1:20000 0|play 1 [queue_wait music/hold] -1|configure 2 198.51.100.12:20000 0|join 1 2")
	two := r.fromBorder(seam.Call{Called: "0300000137", Caller: "0300009002"})
	r.run(time.Second)
	three := r.fromBorder(seam.Call{Called: "0300000137", Caller: "0300009003"})
	r.run(time.Second)
	r.hears("configure 3 192.0.2.1:20000 0|play 3 [queue_wait music/hold] -1|configure 4 192.0.2.1:20000 0|play 4 [queue_wait music/hold] -1")
	from := len(r.trace)
	r.do(r.border, one, hangUp)
	r.run(time.Second)
	r.wantRung(from, "1002")
	if got := r.got(r.p2); got.Caller != "0300009002" {
		t.Errorf("the free agent gets %s", got.Caller)
	}
	for _, id := range []leg.ID{two, three} {
		r.do(r.border, id, hangUp)
		r.run(time.Second)
	}
	if len(r.leased) != 0 || len(r.app.calls) != 0 {
		t.Errorf("%d ports, %d calls are left", len(r.leased), len(r.app.calls))
	}
}

// SPEC R74: those that lose are told that the call was completed elsewhere.
func TestGroupAnsweredElsewhere(t *testing.T) {
	r := newRig(t, 1, 0)
	r.groups(5, Group{Extension: "3701", Members: members("1001", "1002")})
	r.p1.script, r.p2.script = []int{180}, []int{180}
	a := r.fromBorder(seam.Call{Called: "0300000137", Caller: outside})
	r.run(time.Second)
	r.do(r.p2, r.p2.last, r.p2.respond(200))
	r.run(time.Second)
	if r.p1.ended == nil || !strings.Contains(r.p1.ended.Message.String(), `SIP;cause=200;text="Call completed elsewhere"`) {
		t.Errorf("the other phone: %v", r.p1.log)
	}
	r.do(r.border, a, hangUp)
	r.run(time.Second)
}
