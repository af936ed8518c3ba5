package port

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"
)

var (
	epoch = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	local = netip.MustParseAddr("192.0.2.1")
)

// bind opens whatever it is asked for.
func bind(rtp netip.AddrPort) (Pair, error) { return Pair{Addr: rtp}, nil }

func ignore(uint32, Pair) {}

func filled(t *testing.T, pairs int) *Pool {
	t.Helper()
	plan, err := Plan(local, Range{20000, uint16(20000 + 2*pairs - 1)}, 0, rand.New(rand.NewPCG(1, 2)).IntN)
	if err != nil {
		t.Fatal(err)
	}
	p := New(plan, Terms{})
	if err := p.Grow(pairs, bind, ignore); err != nil {
		t.Fatal(err)
	}
	return p
}

// RFC 3550 §11: "RTP SHOULD use an even destination port number and the
// corresponding RTCP stream SHOULD use the next higher (odd) destination port".
func TestPlan(t *testing.T) {
	for _, c := range []struct {
		r    Range
		want int
	}{
		{Range{20000, 20019}, 10}, {Range{20001, 20020}, 9}, {Range{20000, 20018}, 9},
		{Range{20001, 20002}, 0}, {Range{65534, 65535}, 1}, {Range{5, 4}, 0}, {Range{65535, 65535}, 0},
	} {
		if got := c.r.Pairs(); got != c.want {
			t.Errorf("%v holds %d pairs, want %d", c.r, got, c.want)
		}
		plan, err := Plan(local, c.r, 0, rand.New(rand.NewPCG(1, 2)).IntN)
		if (err != nil) != (c.want == 0) || len(plan) != c.want {
			t.Fatalf("%v: plan of %d, %v", c.r, len(plan), err)
		}
		seen := map[netip.AddrPort]bool{}
		for _, a := range plan {
			if a.Port()%2 != 0 || a.Port() < c.r.First || a.Port() >= c.r.Last || seen[a] {
				t.Errorf("%v: candidate %v", c.r, a)
			}
			seen[a] = true
		}
	}
}

func TestPlanIsRandom(t *testing.T) {
	plan, _ := Plan(local, Range{20000, 29999}, 0, rand.New(rand.NewPCG(1, 2)).IntN)
	other, _ := Plan(local, Range{20000, 29999}, 0, rand.New(rand.NewPCG(3, 4)).IntN)
	next, same := 0, 0
	for i := 1; i < len(plan); i++ {
		if plan[i].Port() == plan[i-1].Port()+2 {
			next++
		}
		if plan[i] == other[i] {
			same++
		}
	}
	if next > 20 || same > 20 {
		t.Errorf("of 5000, %d follow their neighbour and %d do not depend on the seed", next, same)
	}
}

func TestFreshFirstThenOldestReturn(t *testing.T) {
	p := filled(t, 4)
	first := p.Lease(epoch, 2, nil)
	for _, l := range first {
		p.Return(epoch, l.Index, l.Epoch)
	}
	later := epoch.Add(time.Hour)
	rest := p.Lease(later, 2, nil) // the two that were never used, although the others have rested
	for _, l := range rest {
		if l.Epoch != 1 {
			t.Errorf("leased %+v before a fresh pair", l)
		}
	}
	p.Return(later, rest[1].Index, rest[1].Epoch)
	again := p.Lease(later.Add(time.Hour), 3, nil)
	for i, want := range []uint32{first[0].Index, first[1].Index, rest[1].Index} {
		if again[i].Index != want || again[i].Epoch != 2 {
			t.Errorf("lease %d is %+v, want pair %d for the second time", i, again[i], want)
		}
	}
}

// "30 s target, never before 2 s, shrinking under pressure with a counter".
func TestRestShrinksUnderPressure(t *testing.T) {
	p := filled(t, 1)
	l := p.Lease(epoch, 1, nil)[0]
	if got := p.Lease(epoch, 1, nil); len(got) != 0 {
		t.Fatal("leased a pair twice")
	}
	p.Return(epoch, l.Index, l.Epoch)
	if got := p.Lease(epoch.Add(Floor-time.Millisecond), 1, nil); len(got) != 0 {
		t.Fatal("leased before the floor")
	}
	if p.Free(epoch.Add(Floor)) != 1 || p.Ready(epoch.Add(Floor)) != 0 || p.Ready(epoch.Add(Target)) != 1 {
		t.Error("Free or Ready disagrees with the rest")
	}
	l = p.Lease(epoch.Add(Floor), 1, nil)[0]
	if c := p.Counts(epoch); c.Shortened != 1 || c.Exhausted != 2 {
		t.Errorf("%+v", c)
	}
	p.Return(epoch.Add(Floor), l.Index, l.Epoch)
	p.Lease(epoch.Add(Floor+Target), 1, nil)
	if c := p.Counts(epoch); c.Shortened != 1 {
		t.Errorf("a full rest was counted as short: %+v", c)
	}
}

func TestReturnOnce(t *testing.T) {
	p := filled(t, 2)
	l := p.Lease(epoch, 1, nil)[0]
	for i, want := range []bool{true, false} {
		if got := p.Return(epoch, l.Index, l.Epoch); got != want {
			t.Errorf("return %d: %v", i, got)
		}
	}
	p.Lease(epoch, 1, nil)
	again := p.Lease(epoch.Add(Target), 1, nil)[0]
	if again.Index != l.Index || p.Return(epoch, l.Index, l.Epoch) || p.Return(epoch, 99, 1) {
		t.Error("an old epoch or an unknown pair was returned")
	}
	if c := p.Counts(epoch); c.Leased != 2 || c.Resting != 0 {
		t.Errorf("%+v", c)
	}
}

func TestGrow(t *testing.T) {
	plan, _ := Plan(local, Range{20000, 20019}, 0, rand.New(rand.NewPCG(1, 2)).IntN)
	p := New(plan, Terms{})
	tries := 0
	busy := func(rtp netip.AddrPort) (Pair, error) {
		tries++
		switch {
		case tries <= 3:
			return Pair{}, errors.New("address in use")
		case tries == 6:
			return Pair{}, fmt.Errorf("socket: %w", ErrNoDescriptors)
		}
		return Pair{Addr: rtp}, nil
	}
	grown := 0
	count := func(index uint32, pair Pair) {
		if int(index) != grown || !pair.Addr.IsValid() {
			t.Errorf("grew %d %v", index, pair)
		}
		grown++
	}
	if err := p.Grow(10, busy, count); !errors.Is(err, ErrNoDescriptors) || grown != 2 {
		t.Fatalf("grew %d, %v", grown, err)
	}
	if c := p.Counts(epoch); c.Taken != 3 || c.Bound != 2 || c.Unbound != 5 {
		t.Errorf("%+v: the candidate without a descriptor must be kept", c)
	}
	if err := p.Grow(10, bind, count); err != nil || grown != 7 {
		t.Errorf("grew %d, %v", grown, err)
	}
}

func TestPlanOfAnyPort(t *testing.T) {
	plan, err := Plan(local, Range{}, 3, nil)
	if err != nil || len(plan) != 3 || plan[0].Port() != 0 {
		t.Errorf("%v %v", plan, err)
	}
}

// Whatever happens, no pair is in two places and none is leased before its floor.
func TestPoolKeepsEveryPair(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 9))
	p := filled(t, 40)
	now := epoch
	var held []Lease
	returned := map[uint32]time.Time{}
	for range 20000 {
		now = now.Add(time.Duration(random.IntN(120)) * time.Millisecond)
		if random.IntN(2) == 0 {
			n := len(held)
			held = p.Lease(now, random.IntN(4), held)
			for _, l := range held[n:] {
				if at, ok := returned[l.Index]; ok && now.Sub(at) < Floor {
					t.Fatalf("pair %d leased after %v", l.Index, now.Sub(at))
				}
			}
		} else if len(held) > 0 {
			i := random.IntN(len(held))
			p.Return(now, held[i].Index, held[i].Epoch)
			returned[held[i].Index] = now
			held = append(held[:i], held[i+1:]...)
		}
		if c := p.Counts(epoch); c.Leased != len(held) || c.Leased+c.Fresh+c.Resting != 40 {
			t.Fatalf("%d held, %+v", len(held), c)
		}
	}
	if p.Counts(epoch).Shortened == 0 || p.Counts(epoch).Exhausted == 0 {
		t.Error("the walk never met pressure: it proves nothing")
	}
}

// DESIGN §9: "where the hard limit is 20,000, about 2,300 calls/s with two
// pairs a call and the 2 s floor".
func TestBudget(t *testing.T) {
	if got := float64(Budget(20000)) / 2 / Floor.Seconds(); got < 2200 || got > 2400 {
		t.Errorf("%.0f calls/s", got)
	}
	if Budget(100) != 0 || Budget(1024) < 400 {
		t.Errorf("small limits: %d, %d", Budget(100), Budget(1024))
	}
}
