package port

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"
)

// tended is a pool with an owner that binds what it lacks at once and looks
// each second for what is too much, as media/engine does.
type tended struct {
	*testing.T
	*Pool
	now           time.Time
	held          []Lease
	bound, closed int
}

const stock = 64

func newTended(t *testing.T, pairs int) *tended {
	t.Helper()
	plan, err := Plan(local, Range{20000, uint16(20000 + 2*pairs - 1)}, 0, rand.New(rand.NewPCG(1, 2)).IntN)
	if err != nil {
		t.Fatal(err)
	}
	w := &tended{T: t, Pool: New(plan, Terms{Stock: stock}), now: epoch}
	w.grow(stock)
	return w
}

func (w *tended) grow(n int) {
	if err := w.Grow(n, bind, func(uint32, Pair) { w.bound++ }); err != nil {
		w.Fatal(err)
	}
}

func (w *tended) borrow(n int) {
	w.Helper()
	before := len(w.held)
	if w.held = w.Lease(w.now, n, w.held); len(w.held)-before != n {
		w.Fatalf("%d of %d pairs at %v: %+v", len(w.held)-before, n, w.now.Sub(epoch), w.Counts(w.now))
	}
	w.grow(w.Lack(w.now))
}

// giveBack returns the n pairs that are held longest.
func (w *tended) giveBack(n int) {
	for _, l := range w.held[:n] {
		if !w.Return(w.now, l.Index, l.Epoch) {
			w.Fatalf("%+v was not leased", l)
		}
	}
	w.held = w.held[n:]
}

func (w *tended) look() {
	w.Helper()
	for w.Shrink(w.now, 64, func(index uint32, _ Pair) {
		if at := w.pairs[index].returned; !at.IsZero() && w.now.Sub(at) < Target {
			w.Fatalf("pair %d closed after %v", index, w.now.Sub(at))
		}
		w.closed++
		w.Closed(index)
	}) > 0 {
	}
}

// pass lets time pass in steps of a second.
func (w *tended) pass(d time.Duration) {
	w.Helper()
	for ; d > 0; d -= time.Second {
		w.now = w.now.Add(min(d, time.Second))
		w.look()
	}
}

// "ports … back at the start 40 s after the last call", whatever the burst was
// and whatever its borrower keeps in hand, up to half of the stock.
func TestBurstGoesBackToTheStock(t *testing.T) {
	for _, c := range []struct {
		name               string
		burst, hold, kept  int // pairs, seconds, pairs never returned
		wantBound, wantRdy int
	}{
		{"a block", 16, 1, 0, stock, stock},
		{"a burst", 4000, 10, 0, stock, stock},
		{"long calls", 4000, 300, 0, stock, stock},
		{"some in hand", 1000, 10, 14, stock, stock - 14},
		{"half a stock in hand", 1000, 10, stock / 2, stock, stock / 2},
		{"calls that go on", 1000, 10, 200, 200 + stock/2, stock / 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newTended(t, 5000)
			for lent := 0; lent < c.burst; lent += 8 {
				w.borrow(8)
				w.now = w.now.Add(20 * time.Millisecond)
			}
			w.pass(time.Duration(c.hold) * time.Second)
			w.giveBack(len(w.held) - c.kept)
			w.pass(Target - time.Second)
			if got := w.Counts(w.now); got.Quarantined != c.burst-c.kept || got.Resting < got.Quarantined {
				t.Fatalf("1 s before the end of the rest %+v", got)
			}
			w.pass(4 * time.Second)
			got := w.Counts(w.now)
			if got.Bound != c.wantBound || got.Ready() != c.wantRdy || got.Quarantined != 0 || got.Unbound != 5000-c.wantBound {
				t.Errorf("3 s after the rest of the last %+v", got)
			}
			entries := 0
			for _, e := range w.pairs {
				if e != nil {
					entries++
				}
			}
			if entries != got.Bound {
				t.Errorf("%d entries for %d pairs", entries, got.Bound)
			}
			if room := len(w.fresh.ring) + len(w.resting.ring); room > 16*stock {
				t.Errorf("the queues have room for %d", room)
			}
			was := w.bound
			w.pass(10 * time.Minute)
			if now := w.Counts(w.now); now != got || w.bound != was {
				t.Errorf("calm, %+v became %+v", got, now)
			}
		})
	}
}

// A steady load neither binds nor closes once it has lasted for a rest, at any
// rate; nor does one that has become less, once the surplus is closed. One that
// wavers does not bind and close in turns: of a hundred leases at most one
// finds a pair bound for it that will be closed again.
func TestSteadyLoadIsLeftAlone(t *testing.T) {
	for _, c := range []struct {
		calls float64 // a second
		hold  time.Duration
	}{{0.1, 3 * time.Minute}, {0.5, 10 * time.Second}, {5, time.Second}, {5, 90 * time.Second}, {50, 10 * time.Second}, {100, 2 * time.Second}} {
		for _, waver := range []float64{0, 1} {
			t.Run(fmt.Sprintf("%v calls/s of %v, wavering by %v", c.calls, c.hold, waver), func(t *testing.T) {
				random := rand.New(rand.NewPCG(5, 6))
				w := newTended(t, 20000)
				var ends []time.Time
				look, calls := epoch, c.calls
				load := func(d time.Duration) (leases int) {
					for end := w.now.Add(d); w.now.Before(end); leases += 2 {
						gap := 1 + waver*(2*random.Float64()-1)
						w.now = w.now.Add(time.Duration(gap / calls * float64(time.Second)))
						for len(ends) > 0 && !ends[0].After(w.now) {
							w.giveBack(2)
							ends = ends[1:]
						}
						w.borrow(2)
						ends = append(ends, w.now.Add(c.hold))
						if w.now.Sub(look) >= time.Second {
							w.look()
							look = w.now
						}
					}
					return leases
				}
				for range 2 {
					load(2 * (Target + c.hold))
					bound, closed := w.bound, w.closed
					leases := load(5 * time.Minute)
					bound, closed = w.bound-bound, w.closed-closed
					if waver == 0 && bound+closed > 0 || min(bound, closed)*100 > leases {
						t.Errorf("%v calls/s: %d pairs bound and %d closed for %d leases: %+v", calls, bound, closed, leases, w.Counts(w.now))
					}
					calls /= 2
				}
				if s := w.Counts(w.now).Shortened; s != 0 {
					t.Errorf("%d rests were shortened", s)
				}
			})
		}
	}
}

// A port that was closed goes behind all other candidates, and its index never
// names an old lease again.
func TestClosedPairsComeBackLast(t *testing.T) {
	plan, _ := Plan(local, Range{20000, 20019}, 0, rand.New(rand.NewPCG(1, 2)).IntN)
	want := append([]netip.AddrPort(nil), plan[4:]...)
	want = append(want, plan[:3]...)
	p := New(plan, Terms{Stock: 1})
	if err := p.Grow(4, bind, ignore); err != nil {
		t.Fatal(err)
	}
	leases := p.Lease(epoch, 4, nil)
	for _, l := range leases {
		p.Return(epoch, l.Index, l.Epoch)
	}
	if n := p.Shrink(epoch.Add(Target-1), 9, ignore); n != 0 {
		t.Fatalf("%d pairs closed before their rest was over", n)
	}
	later := epoch.Add(2 * Target)
	var gone []uint32
	if n := p.Shrink(later, 2, func(index uint32, _ Pair) { gone = append(gone, index) }); n != 2 || len(gone) != 2 {
		t.Fatalf("took out %d, want 2 at most and at least", n)
	}
	p.Shrink(later, 9, func(index uint32, _ Pair) { gone = append(gone, index) })
	if c := p.Counts(later); c.Leaving != 3 || c.Bound != 4 || c.Unbound != 6 || len(p.Lease(later, 2, nil)) != 1 {
		t.Fatalf("%+v: what leaves is bound, and not for lease", c)
	}
	for _, index := range gone {
		p.Closed(index)
	}
	if c := p.Counts(later); c.Leaving != 0 || c.Bound != 1 || c.Unbound != 9 || c.Closed != 3 {
		t.Fatalf("%+v", c)
	}
	left := 0
	p.Pairs(func(Pair) { left++ })
	if left != 1 {
		t.Errorf("%d pairs to close at the end, want 1", left)
	}
	var got []netip.AddrPort
	if err := p.Grow(9, bind, func(index uint32, pair Pair) {
		got = append(got, pair.Addr)
	}); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("bound %v, want %v, %v", got, want, err)
	}
	for _, l := range p.Lease(later, 9, nil) {
		if int(l.Index) < len(leases) && l.Epoch < 2 {
			t.Errorf("%+v is like an earlier lease", l)
		}
	}
	for _, l := range leases {
		if p.Return(later, l.Index, l.Epoch) {
			t.Errorf("%+v was returned a second time", l)
		}
	}
}

// What another program held is tried again after the next burst, so that the
// range does not wear out.
func TestTakenPortsAreTriedAgain(t *testing.T) {
	plan, _ := Plan(local, Range{20000, 20019}, 0, rand.New(rand.NewPCG(1, 2)).IntN)
	p := New(plan, Terms{Stock: 1})
	foreign := plan[0]
	if err := p.Grow(5, func(rtp netip.AddrPort) (Pair, error) {
		if rtp == foreign {
			return Pair{}, errors.New("address in use")
		}
		return bind(rtp)
	}, ignore); err != nil {
		t.Fatal(err)
	}
	if c := p.Counts(epoch); c.Taken != 1 || c.Unbound != 4 || c.Bound != 5 {
		t.Fatalf("%+v", c)
	}
	p.Shrink(epoch, 9, func(index uint32, _ Pair) { p.Closed(index) })
	if c := p.Counts(epoch); c.Taken != 0 || c.Unbound != 9 || c.Bound != 1 {
		t.Fatalf("%+v", c)
	}
	if err := p.Grow(9, bind, ignore); err != nil || p.Counts(epoch).Bound != 10 {
		t.Errorf("%+v, %v", p.Counts(epoch), err)
	}
}

// An owner that closes what was not taken out is at fault.
func TestClosedIsOnce(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a pair that can be leased was closed")
		}
	}()
	filled(t, 2).Closed(0)
}

// What was asked for counts for the window at least, and a fifteenth more at most.
func TestDemand(t *testing.T) {
	var d demand
	for i := range 300 {
		d.add(epoch.Add(time.Duration(i)*100*time.Millisecond), Target, 1)
	}
	for after, want := range map[time.Duration]int{0: 300, Target - 100*time.Millisecond: 1, Target + 2*time.Second: 0, -time.Hour: 300} {
		e := d
		if got := e.lately(epoch.Add(29900*time.Millisecond+after), Target); got < want || want == 0 && got != 0 {
			t.Errorf("%v later %d, want %d", after, got, want)
		}
	}
	full := d
	if got := full.lately(epoch.Add(45*time.Second), Target); got < 150 || got > 150+20 {
		t.Errorf("half of it later %d", got)
	}
}

// Whatever happens, no port is in two places, none is leased before its floor,
// and none is closed before its rest is over.
func TestPoolKeepsEveryPort(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 9))
	plan, _ := Plan(local, Range{20000, 20199}, 0, random.IntN)
	p := New(plan, Terms{Stock: 8})
	if err := p.Grow(8, bind, ignore); err != nil {
		t.Fatal(err)
	}
	now := epoch
	var held []Lease
	var leaving []uint32
	returned, open := map[netip.AddrPort]time.Time{}, map[netip.AddrPort]bool{}
	p.Pairs(func(pair Pair) { open[pair.Addr] = true })
	for step := range 40000 {
		busy := step/2000%2 == 0
		now = now.Add(time.Duration(random.IntN(120)) * time.Millisecond)
		switch random.IntN(5) {
		case 0, 1:
			if !busy {
				continue
			}
			n := len(held)
			held = p.Lease(now, random.IntN(4), held)
			for _, l := range held[n:] {
				if at, ok := returned[l.Addr]; ok && now.Sub(at) < Floor || !open[l.Addr] {
					t.Fatalf("%v leased after %v", l.Addr, now.Sub(at))
				}
			}
		case 2, 3:
			for range min(len(held), 2) {
				i := random.IntN(len(held))
				p.Return(now, held[i].Index, held[i].Epoch)
				returned[held[i].Addr] = now
				held = append(held[:i], held[i+1:]...)
			}
		default:
			if err := p.Grow(p.Lack(now), func(rtp netip.AddrPort) (Pair, error) {
				if open[rtp] {
					t.Fatalf("%v bound twice", rtp)
				}
				open[rtp] = true
				return bind(rtp)
			}, ignore); err != nil {
				t.Fatal(err)
			}
			p.Shrink(now, 5, func(index uint32, pair Pair) {
				if at, ok := returned[pair.Addr]; ok && now.Sub(at) < Target {
					t.Fatalf("%v closed after %v", pair.Addr, now.Sub(at))
				}
				leaving = append(leaving, index)
			})
			for len(leaving) > 0 && random.IntN(3) > 0 {
				i := random.IntN(len(leaving))
				open[p.pairs[leaving[i]].pair.Addr] = false
				p.Closed(leaving[i])
				leaving = append(leaving[:i], leaving[i+1:]...)
			}
		}
		c := p.Counts(now)
		if c.Leased != len(held) || c.Leaving != len(leaving) || c.Leased+c.Fresh+c.Resting+c.Leaving != c.Bound || c.Bound+c.Unbound != 100 {
			t.Fatalf("%d held, %d leaving, %+v", len(held), len(leaving), c)
		}
	}
	if c := p.Counts(now); c.Closed < 100 || c.Shortened == 0 || c.Exhausted == 0 {
		t.Errorf("%+v: the walk proves nothing", c)
	}
}
