package core

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"sekisho/edge/seam"
)

// stages sets up calls in every stage that lasts. A stage that is missing here
// fails TestSnapshot.
var stages = map[stage]func(*rig){
	setup: func(r *rig) {
		r.p1.script = []int{180}
		r.fromBorder(seam.Call{Called: "1001", Caller: msisdn2001})
		r.run(time.Second)
	},
	warning: func(r *rig) {
		r.mute = true
		r.fromPhone(r.p1, "119")
		r.run(time.Second)
	},
	talking: func(r *rig) { r.mobileTalks() },
	collecting: func(r *rig) {
		r.mobileTalks()
		r.press(2, "*03")
	},
	announcing: func(r *rig) {
		r.mute = true
		r.mobileTalks()
		r.press(2, "*700#")
	},
	held: func(r *rig) {
		r.mobileTalks()
		r.press(2, "*0#")
	},
	calling:    func(r *rig) { r.consulting(180) },
	consulting: func(r *rig) { r.consulting(180, 200) },
	passing: func(r *rig) {
		r.p2.script = nil
		r.mobileTalks()
		r.press(2, "#1002#")
	},
	passed: func(r *rig) {
		r.p2.script = []int{180}
		r.mobileTalks()
		r.press(2, "#1002#")
		r.run(time.Second)
	},
	parking: func(r *rig) {
		r.mute = true
		r.mobileTalks()
		r.press(2, "#700")
	},
	waiting: func(r *rig) {
		r.mobileTalks()
		r.press(2, "#700")
		r.run(time.Second)
	},
	hunting: func(r *rig) {
		r.border.script = []int{180}
		r.groups(5, Group{Extension: "3701", Strategy: Rotate, Members: members("2001", "2002")})
		r.fromBorder(seam.Call{Called: "0300000137", Caller: outside})
		r.run(16 * time.Second)
	},
	choosing: func(r *rig) {
		r.mute = true
		r.menu()
		r.fromBorder(seam.Call{Called: "0300000137", Caller: outside})
		r.run(time.Second)
	},
	over: func(r *rig) {
		r.mute = true
		a, _ := r.mobileTalks()
		r.do(r.border, a, hangUp)
		r.run(time.Second)
	},
}

// DESIGN §3: a machine's whole state is plain data. Another core that is made of
// it, written and read, has the same state, goes on where the first one stood,
// and ends its calls as soundly.
func TestSnapshot(t *testing.T) {
	for g := over; g == over || g.feature() != feature(inert{}); g++ {
		if stages[g] == nil {
			t.Fatalf("no call of stage %d", g)
		}
		r := newRig(t, 1, 0)
		stages[g](r)
		if len(r.app.calls) != 1 {
			t.Fatalf("stage %d: %d calls", g, len(r.app.calls))
		}
		for _, k := range r.app.calls {
			if k.Stage != g {
				t.Fatalf("stage %d, want %d", k.Stage, g)
			}
		}
		before := r.app.Snapshot(r.now)
		text, err := json.Marshal(before)
		if err != nil {
			t.Fatal(err)
		}
		var read Snapshot
		if err := json.Unmarshal(text, &read); err != nil {
			t.Fatal(err)
		}
		later := r.now.Add(time.Hour) // does not count
		again, err := json.Marshal(Restore(r.app.cfg, later, read).Snapshot(later))
		if err != nil {
			t.Fatal(err)
		}
		if string(again) != string(text) {
			t.Errorf("stage %d:\n%s\nbecame\n%s", g, text, again)
		}
		r.replace(Restore(r.app.cfg, r.now, read))
		r.press(2, "0#")
		r.run(50 * time.Second)
		r.hangUpAll()
	}
}

// replace puts another core in the place of the one under test.
func (r *rig) replace(c *Core) { *r.app = *c }

// What a snapshot leaves out is lost: every field of a call and what is in it
// can be written.
func TestStateIsExported(t *testing.T) {
	var walk func(reflect.Type)
	seen := map[reflect.Type]bool{}
	walk = func(ty reflect.Type) {
		switch ty.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array:
			walk(ty.Elem())
			return
		case reflect.Struct:
		case reflect.Func, reflect.Interface, reflect.Chan, reflect.Map, reflect.UnsafePointer:
			t.Errorf("%s is no plain data", ty)
			return
		default:
			return
		}
		if _, texts := ty.MethodByName("MarshalText"); texts || seen[ty] {
			return // addresses and times write themselves
		}
		seen[ty] = true
		for i := range ty.NumField() {
			if f := ty.Field(i); !f.IsExported() && !f.Anonymous {
				t.Errorf("%s.%s is not written", ty, f.Name)
			} else {
				walk(f.Type)
			}
		}
	}
	walk(reflect.TypeFor[call]())
}

// A directory that is read again touches no call; what it no longer has cannot
// be called any more, and a phone that it still has is still registered.
func TestReload(t *testing.T) {
	r := newRig(t, 1, 0)
	p := r.natted(addr1003, 7)
	r.login(addr1003, "a", "<sip:1003@10.0.0.3>")
	a, _ := r.mobileTalks()
	tenants := testTenants()
	tenants[0].Mobiles = tenants[0].Mobiles[1:] // 2001 is gone
	tenants[0].Numbers = nil
	tenants[0].Channels = 2
	tenants[0].Phones = tenants[0].Phones[2:] // only 1003 stays
	r.app.Reload(r.now, tenants)
	if r.app.Generation() != 2 {
		t.Errorf("generation %d", r.app.Generation())
	}
	r.wantCommands()
	r.press(2, "*0#")
	r.wantCommands(musicFor1, asked, "silence 2", confirmed)

	for _, c := range []seam.Call{{Called: "0300000121", Caller: outside}, {Called: "1001", Caller: msisdn2002}} {
		r.border.ended = nil
		r.fromBorder(c)
		r.run(time.Second)
		if r.border.ended == nil || r.border.ended.Cause.Status != 404 {
			t.Errorf("%s: told %v", c.Called, r.border.log)
		}
	}
	r.fromPhone(r.p1, "2002") // 1001 is nobody's phone any more
	r.run(time.Second)
	if len(r.p1.log) != 0 {
		t.Errorf("1001 was answered: %v", r.p1.log)
	}
	b := r.fromBorder(seam.Call{Called: "1003", Caller: msisdn2002})
	r.run(time.Second)
	if p.invite == nil {
		t.Error("1003 does not ring")
	}
	r.do(r.border, b, hangUp)
	r.do(r.border, a, hangUp)
	r.do(r.p1, 1, hangUp)
	r.settle()
}

// Who rang when the core was replaced has the endpoint that it was dialled with:
// its keys are heard.
func TestRestoredWhileItRings(t *testing.T) {
	r := newRig(t, 1, 0)
	r.border.script = []int{180}
	r.fromBorder(seam.Call{Called: "0300000121", Caller: outside})
	r.run(time.Second)
	r.replace(Restore(r.app.cfg, r.now, r.app.Snapshot(r.now)))
	r.do(r.border, r.border.last, r.border.respond(200))
	r.run(time.Second)
	r.hears("configure 2 192.0.2.1:20000 0", "configure 1 192.0.2.1:20000 0", "join 1 2")
	r.press(2, "*")
	r.hears(musicFor1, asked)
	r.hangUpAll()
}
