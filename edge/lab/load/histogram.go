package load

import (
	"encoding/json"
	"fmt"
	"math/bits"
	"time"
)

// A histogram counts times in buckets whose width is a 64th of their size, so
// that a quantile is at most 1.6 % too high. The zero value is ready to use.
type histogram struct {
	counts [(64 - fine + 1) << fine]uint64
	n      uint64
	max    time.Duration
}

// fine is the number of bits that a bucket keeps.
const fine = 6

// add counts d; a negative one as none.
func (h *histogram) add(d time.Duration) {
	d = max(d, 0)
	h.counts[bucket(uint64(d))]++
	h.n++
	h.max = max(h.max, d)
}

func bucket(v uint64) int {
	if v < 1<<fine {
		return int(v)
	}
	shift := bits.Len64(v) - fine - 1
	return (shift+1)<<fine | int(v>>shift&(1<<fine-1))
}

// top is the largest value of a bucket.
func top(b int) uint64 {
	if b < 1<<fine {
		return uint64(b)
	}
	shift := b>>fine - 1
	return (uint64(b&(1<<fine-1)|1<<fine)+1)<<shift - 1
}

// at returns the time that this share of what was counted does not exceed.
func (h *histogram) at(share float64) time.Duration {
	rank := uint64(share * float64(h.n))
	seen := uint64(0)
	for b, n := range h.counts {
		if seen += n; n > 0 && seen > rank {
			return min(time.Duration(top(b)), h.max)
		}
	}
	return h.max
}

func (h *histogram) quantiles() Quantiles {
	return Quantiles{Count: h.n, P50: h.at(0.5), P90: h.at(0.9), P99: h.at(0.99), P999: h.at(0.999), Max: h.max}
}

// Quantiles are times that shares of what was counted do not exceed. As JSON
// they are microseconds.
type Quantiles struct {
	Count                    uint64
	P50, P90, P99, P999, Max time.Duration
}

// MarshalJSON writes microseconds with one decimal.
func (q Quantiles) MarshalJSON() ([]byte, error) {
	us := func(d time.Duration) json.Number { return json.Number(fmt.Sprintf("%.1f", float64(d)/1000)) }
	return json.Marshal(struct {
		Count uint64      `json:"count"`
		P50   json.Number `json:"p50_us"`
		P90   json.Number `json:"p90_us"`
		P99   json.Number `json:"p99_us"`
		P999  json.Number `json:"p999_us"`
		Max   json.Number `json:"max_us"`
	}{q.Count, us(q.P50), us(q.P90), us(q.P99), us(q.P999), us(q.Max)})
}

func (h *histogram) merge(other *histogram) {
	for i, n := range other.counts {
		h.counts[i] += n
	}
	h.n += other.n
	h.max = max(h.max, other.max)
}
