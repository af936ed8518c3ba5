package transaction

import (
	"math/rand/v2"
	"testing"
)

func TestRoll(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	r := newRoll()
	want := make(map[ID]machine)
	last := ID(0)
	for range 20_000 {
		switch {
		case random.IntN(5) < 3:
			last += ID(1 + random.IntN(3))
			m := &nonInviteServer{tx: record{id: last}}
			r.put(last, m)
			want[last] = m
		case len(want) > 0:
			id := last - ID(random.IntN(2000))
			if want[id] != nil {
				r.remove(id)
				delete(want, id)
			}
		}
		id := last + 2 - ID(random.IntN(2000))
		if got := r.get(id); got != want[id] {
			t.Fatalf("%d is %v, want %v", id, got, want[id])
		}
	}
	found := 0
	r.each(func(m machine) {
		found++
		if want[m.record().id] != m {
			t.Errorf("%d is not to be there", m.record().id)
		}
	})
	if found != len(want) || r.length != len(want) {
		t.Errorf("%d machines visited, length %d, want %d", found, r.length, len(want))
	}
	for id := range want {
		r.remove(id)
	}
	if len(r.pages) != 0 || r.length != 0 || r.get(last) != nil {
		t.Errorf("%d pages and %d machines left of none", len(r.pages), r.length)
	}
}
