package transport

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"
)

// Source is one peer, or network of peers, that a listener listens to. The
// most specific one decides: the longest prefix, and within it the port.
type Source struct {
	Prefix netip.Prefix
	// Port is the peer's port; 0 means any.
	Port uint16
	// Rate is the number of datagrams per second taken from the whole Source,
	// retransmissions included; 0 means no limit.
	Rate int
	// Burst is how many may come at once; 0 means those of one second.
	Burst int
}

// sourceTable is immutable but for the limits' clocks. It knows only what is
// configured: an address that matches nothing leaves no trace.
type sourceTable struct {
	levels []sourceLevel // longest prefix first
}

// sourceLevel holds the sources of one prefix length and family by their
// masked address, those with a port first.
type sourceLevel struct {
	bits    int
	ipv4    bool
	sources map[netip.Addr][]*source
}

type source struct {
	port  uint16
	limit limit
}

func newSourceTable(list []Source) (*sourceTable, error) {
	t := &sourceTable{}
	for _, s := range list {
		p, err := canonical(s.Prefix)
		if err != nil {
			return nil, err
		}
		if s.Rate < 0 || s.Burst < 0 {
			return nil, fmt.Errorf("source %s: negative rate", s.Prefix)
		}
		level := t.level(p)
		at := level.sources[p.Addr()]
		if slices.ContainsFunc(at, func(o *source) bool { return o.port == s.Port }) {
			return nil, fmt.Errorf("source %s port %d is listed twice", s.Prefix, s.Port)
		}
		at = append(at, &source{port: s.Port, limit: newLimit(s.Rate, s.Burst)})
		slices.SortFunc(at, func(a, b *source) int { return cmp.Compare(b.port, a.port) })
		level.sources[p.Addr()] = at
	}
	slices.SortFunc(t.levels, func(a, b sourceLevel) int { return cmp.Compare(b.bits, a.bits) })
	return t, nil
}

// find returns the source that remote, unmapped and without zone, belongs to,
// or nil.
func (t *sourceTable) find(remote netip.AddrPort) *source {
	addr := remote.Addr()
	for i := range t.levels {
		level := &t.levels[i]
		if level.ipv4 != addr.Is4() {
			continue
		}
		p, err := addr.Prefix(level.bits)
		if err != nil {
			continue
		}
		for _, s := range level.sources[p.Addr()] {
			if s.port == remote.Port() || s.port == 0 {
				return s
			}
		}
	}
	return nil
}

func (t *sourceTable) level(p netip.Prefix) *sourceLevel {
	ipv4 := p.Addr().Is4()
	for i := range t.levels {
		if t.levels[i].bits == p.Bits() && t.levels[i].ipv4 == ipv4 {
			return &t.levels[i]
		}
	}
	t.levels = append(t.levels, sourceLevel{bits: p.Bits(), ipv4: ipv4, sources: map[netip.Addr][]*source{}})
	return &t.levels[len(t.levels)-1]
}

// canonical returns p masked, and an IPv4-mapped prefix as the IPv4 one.
func canonical(p netip.Prefix) (netip.Prefix, error) {
	if !p.IsValid() {
		return p, fmt.Errorf("source %s: not a prefix", p)
	}
	if p.Addr().Is4In6() {
		const mapped = 96 // ::ffff:0:0/96, RFC 4291 §2.5.5.2
		if p.Bits() < mapped {
			return p, fmt.Errorf("source %s: wider than all of IPv4", p)
		}
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-mapped)
	}
	return p.Masked(), nil
}

// limit is a token bucket kept as one number, the time at which the next
// datagram would be exactly on schedule (the generic cell rate algorithm of
// ITU-T I.371). Several readers may take from it at once.
type limit struct {
	interval  int64 // nanoseconds between datagrams; 0 means no limit
	tolerance int64 // how far ahead of schedule one may be, in nanoseconds
	schedule  *atomic.Int64
}

func newLimit(rate, burst int) limit {
	if rate == 0 {
		return limit{}
	}
	if burst == 0 {
		burst = rate
	}
	interval := int64(time.Second) / int64(rate)
	return limit{interval: interval, tolerance: int64(burst-1) * interval, schedule: new(atomic.Int64)}
}

// take reports whether a datagram that arrives at now, in nanoseconds since a
// fixed moment, is within the limit, and counts it if so.
func (l *limit) take(now int64) bool {
	if l.interval == 0 {
		return true
	}
	for {
		due := l.schedule.Load()
		start := max(due, now)
		if start-now > l.tolerance {
			return false
		}
		if l.schedule.CompareAndSwap(due, start+l.interval) {
			return true
		}
	}
}
