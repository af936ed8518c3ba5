package audio

import (
	"math"
	"slices"
)

// The search runs on half the sampling rate, then the best few places are
// weighed again on every sample.
const (
	decimation = 2
	candidates = 4
	// shortestCorrelation is what makes a likeness worth the name, in samples.
	shortestCorrelation = Rate / 10
)

// Correlate returns the highest normalised cross-correlation of what was
// heard with a clip, over every lag at which they overlap by at least half of
// the shorter one, and that lag: the sample of heard at which the clip begins,
// negative if it began earlier. 1 is the same signal at any volume, 0 is
// nothing in common. Silence or less than 0.1 s of either gives 0, 0.
func Correlate(heard, clip []int16) (peak float64, lag int) {
	shorter := min(len(heard), len(clip))
	if shorter < shortestCorrelation {
		return 0, 0
	}
	for _, coarse := range coarseLags(heard, clip, shorter/2) {
		for fine := coarse - decimation; fine <= coarse+decimation; fine++ {
			if score := likeness(overlap(heard, clip, fine)); score > peak {
				peak, lag = score, fine
			}
		}
	}
	return peak, lag
}

// overlap returns the parts of heard and clip that sound together at lag.
func overlap(heard, clip []int16, lag int) (h, c []int16) {
	from, to := max(lag, 0), min(lag+len(clip), len(heard))
	if from >= to {
		return nil, nil
	}
	return heard[from:to], clip[from-lag : to-lag]
}

// likeness is the normalised correlation of two signals of the same length,
// -1 to 1; 0 if either is silent.
func likeness(a, b []int16) float64 {
	var ab, aa, bb int64
	for i, s := range a {
		x, y := int64(s), int64(b[i])
		ab += x * y
		aa += x * x
		bb += y * y
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return float64(ab) / math.Sqrt(float64(aa)*float64(bb))
}

// coarseLags returns the likeliest lags, best first, that overlap by at least
// least samples and by a quarter of the weaker signal's energy: two quiet
// margins always look alike.
func coarseLags(heard, clip []int16, least int) []int {
	h, c := decimate(heard), decimate(clip)
	r := crossCorrelation(h, c)
	he, ce := energies(h), energies(c)
	floor := min(he[len(h)], ce[len(c)]) / 4
	least = max(least/decimation, 1)
	best := make([]place, 0, candidates+1)
	for lag := least - len(c); lag <= len(h)-least; lag++ {
		from, to := max(lag, 0), min(lag+len(c), len(h))
		if to-from < least {
			continue
		}
		eh, ec := he[to]-he[from], ce[to-lag]-ce[from-lag]
		if max(eh, ec) < floor || eh <= 0 || ec <= 0 {
			continue
		}
		best = admit(best, place{lag, r[(lag+len(r))%len(r)] / math.Sqrt(eh*ec)})
	}
	lags := make([]int, len(best))
	for i, p := range best {
		lags[i] = p.lag * decimation
	}
	return lags
}

type place struct {
	lag   int
	score float64
}

// admit keeps the best places, no two of them neighbours, best first.
func admit(best []place, p place) []place {
	if len(best) == candidates && p.score <= best[len(best)-1].score {
		return best
	}
	const apart = 4
	for i, b := range best {
		if p.lag-b.lag > apart || b.lag-p.lag > apart {
			continue
		}
		if p.score <= b.score {
			return best
		}
		best = slices.Delete(best, i, i+1)
		break
	}
	i := slices.IndexFunc(best, func(b place) bool { return p.score > b.score })
	if i < 0 {
		i = len(best)
	}
	best = slices.Insert(best, i, p)
	return best[:min(len(best), candidates)]
}

func decimate(pcm []int16) []float64 {
	out := make([]float64, len(pcm)/decimation)
	for i := range out {
		for _, s := range pcm[i*decimation : (i+1)*decimation] {
			out[i] += float64(s) / decimation
		}
	}
	return out
}

// energies returns the running sum of squares: e[j]-e[i] is that of x[i:j].
func energies(x []float64) []float64 {
	e := make([]float64, len(x)+1)
	for i, v := range x {
		e[i+1] = e[i] + v*v
	}
	return e
}
