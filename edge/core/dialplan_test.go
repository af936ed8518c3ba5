package core

import (
	"testing"
	"time"

	"sekisho/edge/seam"
)

// SPEC R20, R21, R3; DESIGN §8: what the border gets for what it sent.
func TestMobileToMobile(t *testing.T) {
	r := newRig(t, 1, 0)
	a := r.fromBorder(seam.Call{Called: "2002", Caller: msisdn2001, MaxForwards: 42})
	r.run(time.Second)
	got := r.got(r.border)
	if got.Called != msisdn2002 || got.Domain != "t1.example" || got.Caller != "2001" || got.Private || got.MaxForwards != 41 {
		t.Fatalf("border got %+v", got)
	}
	r.wantLog(r.border, "incoming", "180 media=false", "acked", "answered")
	r.do(r.border, a, hangUp)
	r.settle()
}
