package core

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/edge/seam"
	"sekisho/edge/sip/leg"
	"sekisho/media/relay"
)

// Whatever a lossy, reordering network does, every call ends soundly: no leg,
// lease, timer or transaction is left, and each run can be repeated.
func TestLossyCalls(t *testing.T) {
	for seed := range uint64(200) {
		first, second := lossy(t, seed), lossy(t, seed)
		if !slices.Equal(first, second) {
			t.Fatalf("seed %d: two runs differ\n%s\n--\n%s", seed, strings.Join(first, "\n"), strings.Join(second, "\n"))
		}
	}
}

func lossy(t *testing.T, seed uint64) []string {
	t.Helper()
	r := newRig(t, seed, 0.2)
	dice := rand.New(rand.NewPCG(seed, 99))
	scripts := [][]int{{180, 200}, {180, 486}, {180}, {183, 200}, {200}, {603}}
	r.border.script = scripts[dice.IntN(len(scripts))]
	r.border.early = dice.IntN(2) == 0
	r.p1.script = scripts[dice.IntN(len(scripts))]
	r.p2.script = scripts[dice.IntN(len(scripts))]
	late := &r.border.media
	if dice.IntN(3) == 0 {
		late = nil
	}
	r.fromBorderWith(seam.Call{Called: []string{"2002", "1001", outside}[dice.IntN(3)], Caller: msisdn2001}, late)
	r.fromPhone(r.p2, []string{"2001", "1001", outside, "2999"}[dice.IntN(4)])
	for range 6 {
		r.run(time.Duration(dice.IntN(1500)) * time.Millisecond)
		f := r.parties()[dice.IntN(3)]
		for id := range f.legs.Next() {
			switch dice.IntN(6) {
			case 0:
				r.do(f, id, with(f, relay.Direction(dice.IntN(4))))
			case 1:
				r.do(f, id, leg.AnswerOffer{Media: f.media})
			case 2:
				r.do(f, id, hangUp)
			}
		}
	}
	r.run(70 * time.Second)
	for _, f := range r.parties() {
		for id := range f.legs.Next() {
			r.do(f, id, hangUp)
		}
	}
	r.settle()
	return r.trace
}
