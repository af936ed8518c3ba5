package registrar

import (
	"net/netip"
	"time"
)

// Ban says when a source has guessed enough.
type Ban struct {
	// Failures within Window of the first one shut a source out for Lasting.
	// Zero values are 10 failures, 5 minutes, 10 minutes.
	Failures int
	Window   time.Duration
	Lasting  time.Duration
}

func (b Ban) filled() Ban {
	if b.Failures == 0 {
		b.Failures = 10
	}
	if b.Window == 0 {
		b.Window = 5 * time.Minute
	}
	if b.Lasting == 0 {
		b.Lasting = 10 * time.Minute
	}
	return b
}

// maxSuspects bounds the sources with failures that are remembered. The one
// remembered longest is forgotten for a new one, banned or not: whoever commands
// that many addresses is slowed by the listener's rate limit alone.
const maxSuspects = 4096

// suspects are the sources with failures.
type suspects struct {
	of map[netip.Addr]suspect
	// order holds the keys of of, the one remembered longest first.
	order []netip.Addr
}

type suspect struct {
	failures int
	// until is when this is forgotten: the end of the window, or of the ban.
	until  time.Time
	banned bool
}

// sourceOf is what failures are counted for. Whoever has an IPv6 address has
// the whole /64.
func sourceOf(a netip.Addr) netip.Addr {
	if a.Is4() {
		return a
	}
	p, _ := a.Prefix(64)
	return p.Addr()
}

// failed counts a failure and reports whether the source is banned for it.
func (s *suspects) failed(now time.Time, a netip.Addr, b Ban) bool {
	a = sourceOf(a)
	was, known := s.of[a]
	if known && was.banned && now.Before(was.until) {
		return false // a registered phone's, while its neighbour's ban lasts
	}
	if !known {
		if len(s.order) == maxSuspects {
			delete(s.of, s.order[0])
			s.order = s.order[1:]
		}
		s.order = append(s.order, a)
	}
	if !known || !now.Before(was.until) {
		was = suspect{until: now.Add(b.Window)}
	}
	if was.failures++; was.failures >= b.Failures {
		was.banned, was.until = true, now.Add(b.Lasting)
	}
	s.of[a] = was
	return was.banned
}

// banned reports whether a source is shut out.
func (s *suspects) banned(now time.Time, a netip.Addr) bool {
	was, known := s.of[sourceOf(a)]
	return known && was.banned && now.Before(was.until)
}
