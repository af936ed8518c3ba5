package core

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"sekisho/edge/seam"
)

// What users ask for (SPEC §7.11): channels in use, the most there were, an alarm at
// four in five that does not repeat itself.
func TestChannelGauge(t *testing.T) {
	r := newRig(t, 1, 0)
	r.border.script = []int{180}
	alarms := func() int {
		return len(r.trace) - len(slices.DeleteFunc(slices.Clone(r.trace), func(s string) bool { return s == "note mobile channels nearly all in use" }))
	}
	call := func() {
		r.fromBorder(seam.Call{Called: "2002", Caller: msisdn2001}) // two of five
		r.run(time.Second)
	}
	call()
	if alarms() != 0 {
		t.Error("an alarm at two of five")
	}
	call()
	call() // there is no sixth
	if n := alarms(); n != 1 {
		t.Errorf("%d alarms at four of five", n)
	}
	want := []Channels{{Tenant: "t1", Used: 4, Peak: 5, Limit: 5, Refused: 1}, {Tenant: "t2", Limit: 1}}
	if got := r.app.Channels(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	r.hangUpAll()
	call()
	call()
	if n := alarms(); n != 2 {
		t.Errorf("%d alarms after another rise", n)
	}
	r.hangUpAll()
	want[0].Used, want[0].Peak, want[0].Refused = 0, 5, 1
	if got := r.app.Channels(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
