package audio

import (
	"math"
	"math/bits"
)

// crossCorrelation returns r with r[k] = Σ a[n+k]·b[n] for k from 0 to
// len(a)-1, and for negative k at r[len(r)+k].
func crossCorrelation(a, b []float64) []float64 {
	n := 1 << bits.Len(uint(len(a)+len(b)-1))
	// Two real sequences share one transform, as real and imaginary part.
	z := make([]complex128, n)
	for i, v := range a {
		z[i] = complex(v, 0)
	}
	for i, v := range b {
		z[i] += complex(0, v)
	}
	w := roots(n)
	transform(z, w)
	product := make([]complex128, n)
	for k := range z {
		p, q := z[k], z[(n-k)&(n-1)]
		q = complex(real(q), -imag(q))
		fa, fb := (p+q)*0.5, (p-q)*complex(0, -0.5)
		// Conjugated, so that the forward transform inverts it.
		product[k] = fb * complex(real(fa), -imag(fa))
	}
	transform(product, w)
	r := make([]float64, n)
	for k := range r {
		r[k] = real(product[k]) / float64(n)
	}
	return r
}

// roots returns the first half of the n-th roots of unity, clockwise.
func roots(n int) []complex128 {
	w := make([]complex128, n/2)
	for k := range w {
		sin, cos := math.Sincos(-2 * math.Pi * float64(k) / float64(n))
		w[k] = complex(cos, sin)
	}
	return w
}

// transform is the radix-2 fast Fourier transform, in place; len(z) is a power
// of two.
func transform(z, w []complex128) {
	n := len(z)
	shift := 64 - bits.Len(uint(n-1))
	for i := range z {
		if j := int(bits.Reverse64(uint64(i)) >> shift); j > i {
			z[i], z[j] = z[j], z[i]
		}
	}
	for i := 0; i+1 < n; i += 2 { // the first pass turns by nothing
		z[i], z[i+1] = z[i]+z[i+1], z[i]-z[i+1]
	}
	turn := make([]complex128, n/2) // the roots of one pass, side by side
	for half := 2; half < n; half *= 2 {
		turn = turn[:half]
		stride := n / (2 * half)
		for k := range turn {
			turn[k] = w[k*stride]
		}
		for start := 0; start < n; start += 2 * half {
			low, high := z[start:start+half], z[start+half:start+2*half]
			high = high[:len(low)]
			for k, root := range turn[:len(low)] {
				v := high[k] * root
				low[k], high[k] = low[k]+v, low[k]-v
			}
		}
	}
}
