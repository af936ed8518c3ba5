package port

import (
	"fmt"
	"net/netip"
)

// Range is the inclusive range of ports for media. The zero Range leaves the
// choice to the system, for demonstrations and tests.
type Range struct{ First, Last uint16 }

// Pairs returns how many even/odd pairs the range holds; 0 for the zero Range.
func (r Range) Pairs() int {
	first := (int(r.First) + 1) &^ 1
	if r == (Range{}) || first+1 > int(r.Last) {
		return 0
	}
	return (int(r.Last) - first + 1) / 2
}

// Plan returns the candidates of one address in random order. intn returns a
// random number in [0, n). Where the range is zero it returns count candidates
// with port 0.
func Plan(addr netip.Addr, r Range, count int, intn func(n int) int) ([]netip.AddrPort, error) {
	if r == (Range{}) {
		all := make([]netip.AddrPort, count)
		for i := range all {
			all[i] = netip.AddrPortFrom(addr, 0)
		}
		return all, nil
	}
	n := r.Pairs()
	if n == 0 {
		return nil, fmt.Errorf("media ports %d-%d hold no even/odd pair", r.First, r.Last)
	}
	first := (int(r.First) + 1) &^ 1
	all := make([]netip.AddrPort, n)
	for i := range all { // Fisher and Yates, inside out
		j := intn(i + 1)
		all[i] = all[j]
		all[j] = netip.AddrPortFrom(addr, uint16(first+2*i))
	}
	return all, nil
}

const (
	// Of the descriptors a process may open, one in twelve is left for SIP,
	// files and the runtime, and never fewer than leastReserve.
	reservePart  = 12
	leastReserve = 128
)

// Budget returns how many pairs may be bound in a process that may open this
// many descriptors. It is what bounds admission: a call takes two pairs, and a
// pair is away for its rest as well.
func Budget(descriptors int) int {
	reserve := max(leastReserve, descriptors/reservePart)
	return max(0, descriptors-reserve) / 2
}
