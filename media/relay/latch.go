package relay

import (
	"net/netip"
	"slices"
	"time"
)

const (
	// A source is accepted after this many consecutive packets of one SSRC ...
	probationPackets = 4
	// ... that arrived over at least this time, so that a burst proves nothing.
	probationSpan = 60 * time.Millisecond
	// An accepted source, or a pinned SSRC, silent for this long may be
	// replaced: by the same rule for sources, at once for an SSRC.
	silence = 2 * time.Second
)

// trial follows a stream that has not been accepted, of one source.
type trial struct {
	since   time.Time
	ssrc    SSRC
	next    uint16 // sequence number that would continue it
	packets uint8  // consecutive ones so far; 0 means no trial
}

// hear counts a packet and reports whether the trial is passed. Another SSRC or
// a gap begins it again.
func (t *trial) hear(now time.Time, p *Packet) bool {
	h := &p.header
	if t.packets == 0 || t.ssrc != p.SSRC() || t.next != h.SequenceNumber {
		*t = trial{since: now, ssrc: p.SSRC()}
	}
	t.next = h.SequenceNumber + 1
	if t.packets < probationPackets {
		t.packets++
	}
	return t.packets == probationPackets && now.Sub(t.since) >= probationSpan
}

// latch decides whom an endpoint hears.
//
//	                   described source, valid RTP
//	┌───────────┐ ─────────────────────────────────────────▶ ┌─────────┐
//	│ Searching │            trial passed                     │ Latched │──┐ described source wins;
//	└───────────┘ ─────────────────────────────────────────▶ └─────────┘◀─┘ others: trial, once the
//	      ▲                  other description                     │         peer is silent for 2 s
//	      └────────────────────────────────────────────────────────┘
type latch struct {
	described netip.AddrPort
	prefixes  []netip.Prefix
	learning  Learning

	remote    netip.AddrPort // the accepted peer; invalid while searching
	heard     time.Time      // when it last sent valid RTP
	rival     netip.AddrPort // whose trial it is; another's begins anew
	trial     trial
	contested uint32 // valid packets of a rival while the peer was alive
}

// outcome is what the latch made of one valid packet.
type outcome uint8

const (
	refused outcome = iota
	tried
	accepted
	latched // accepted, and the peer is another one than before
)

// describe takes a description over. It reports whether the latch was re-armed.
func (l *latch) describe(spec *Spec) bool {
	if l.described == spec.Remote && l.learning == spec.Learning && slices.Equal(l.prefixes, spec.Prefixes) {
		return false
	}
	*l = latch{described: spec.Remote, prefixes: spec.Prefixes, learning: spec.Learning, contested: l.contested}
	return true
}

// admits reports whether a packet from source deserves to be read at all.
func (l *latch) admits(source netip.AddrPort) bool {
	if source == l.remote && source.IsValid() {
		return true
	}
	if source == l.described {
		return l.bounds(source)
	}
	return l.learning == LearnPrefix && len(l.prefixes) > 0 && l.bounds(source)
}

// hear judges a valid packet with a negotiated payload type from an admitted
// source.
func (l *latch) hear(now time.Time, p *Packet) outcome {
	switch {
	case p.Source == l.remote:
		l.heard = now
		return accepted
	case p.Source == l.described:
		// The description is the one thing a stranger cannot write, so its
		// source wins over a learned one and is not given up while it sends.
		l.take(now, p.Source)
		return latched
	case l.remote.IsValid() && now.Sub(l.heard) < silence:
		l.contested++
		l.trial.packets = 0
		return refused
	case l.try(now, p):
		l.take(now, p.Source)
		return latched
	}
	return tried
}

// try counts a packet of a source that is not accepted.
func (l *latch) try(now time.Time, p *Packet) (passed bool) {
	if l.rival != p.Source {
		l.rival, l.trial = p.Source, trial{}
	}
	return l.trial.hear(now, p)
}

// destination returns where to send: the accepted peer, else the described
// address, else nothing.
func (l *latch) destination() netip.AddrPort {
	switch {
	case !l.described.IsValid() || l.described.Port() == 0 || l.described.Addr().IsUnspecified():
		return netip.AddrPort{}
	case l.remote.IsValid():
		return l.remote
	case l.bounds(l.described):
		return l.described
	}
	return netip.AddrPort{}
}

func (l *latch) take(now time.Time, source netip.AddrPort) {
	l.remote = source
	l.heard = now
	l.trial = trial{}
}

// bounds reports whether source lies within the trunk's prefixes; no prefixes
// are no bounds.
func (l *latch) bounds(source netip.AddrPort) bool {
	if len(l.prefixes) == 0 {
		return true
	}
	for _, p := range l.prefixes {
		if p.Contains(source.Addr()) {
			return true
		}
	}
	return false
}
