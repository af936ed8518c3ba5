package siptest

import "time"

// Impairment is what a bad network does to datagrams, each share from 0 to 1.
type Impairment struct {
	Loss, Duplicate float64
	// Reorder is the share that is held back by up to Delay (default 20 ms), so
	// that later ones pass it.
	Reorder float64
	Delay   time.Duration
}

// impairer decides for one direction. Each datagram takes the same number of
// draws, so that its fate depends on the seed and its position alone.
type impairer struct {
	Impairment
	random uniform
}

// uniform draws from 0 to 1.
type uniform interface{ Float64() float64 }

func newImpairer(i Impairment, random uniform) *impairer {
	if i.Delay == 0 {
		i.Delay = 20 * time.Millisecond
	}
	return &impairer{i, random}
}

// fate is what becomes of one datagram: copies of it, the first after a delay,
// the others at once.
type fate struct {
	copies int
	delay  time.Duration
}

func (i *impairer) next() fate {
	lost, twice, late, by := i.random.Float64() < i.Loss, i.random.Float64() < i.Duplicate, i.random.Float64() < i.Reorder, i.random.Float64()
	f := fate{copies: 1}
	switch {
	case lost:
		return fate{}
	case twice:
		f.copies = 2
	}
	if late {
		f.delay = time.Duration((0.1 + 0.9*by) * float64(i.Delay))
	}
	return f
}
