package keys

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"
)

// Weather is what a network does to packets.
type Weather struct {
	Loss, Duplicate, Late float64 // shares of the packets
	// By is how much later than it should a late packet comes, at most. Jitter is
	// how much later than it should any packet comes; it changes no order.
	By, Jitter time.Duration
}

// DrawWeather draws from none to a fifth of the packets lost.
func DrawWeather(r *rand.Rand) Weather {
	if r.IntN(4) == 0 {
		return Weather{}
	}
	return Weather{
		Loss: r.Float64() * 0.2, Duplicate: r.Float64() * 0.1, Late: r.Float64() * 0.1,
		By: 50 * ms, Jitter: time.Duration(r.IntN(15)) * ms,
	}
}

// Send returns the packets that arrive, in the order of their arrival.
func (w Weather) Send(r *rand.Rand, packets []Packet) (arrived []Packet) {
	behind := time.Duration(0)
	for _, p := range packets {
		if w.Jitter > 0 {
			p.At += time.Duration(r.Int64N(int64(w.Jitter)))
		}
		p.At = max(p.At, behind)
		behind = p.At
		if r.Float64() < w.Loss {
			continue
		}
		if r.Float64() < w.Duplicate {
			again := p
			again.At += time.Duration(r.Int64N(int64(w.By)))
			arrived = append(arrived, again)
		}
		if r.Float64() < w.Late {
			p.At += time.Duration(r.Int64N(int64(w.By)))
		}
		arrived = append(arrived, p)
	}
	slices.SortStableFunc(arrived, func(a, b Packet) int { return cmp.Compare(a.At, b.At) })
	return arrived
}
