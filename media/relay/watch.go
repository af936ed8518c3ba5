package relay

import "time"

// watch is how long a peer may be silent. It costs nothing per packet: the time
// of the last one is known anyway, and is looked at when the watch is due.
type watch struct {
	patience   time.Duration
	since, due time.Time

	// oneWay is when to look whether the peer is heard at all; unheard counts
	// how often it was not, and told says that this time has been.
	oneWay  time.Time
	unheard uint32
	told    bool
	pausing bool
}

const (
	// oneWayAfter is how long a peer may be silent while it hears others before
	// that is one-way audio: told within 2 s.
	oneWayAfter = 1800 * time.Millisecond
	// speaking is how lately another was heard who speaks to it.
	speaking = time.Second
)

// Watch begins what the command asks for, from now on.
func (h *InHalf) Watch(now time.Time, c Watch) {
	h.watch = watch{unheard: h.watch.unheard}
	if c.For > 0 {
		h.watch.patience, h.watch.since, h.watch.due = c.For, now, now.Add(c.For)
		h.watch.oneWay, h.watch.pausing = now.Add(oneWayAfter), c.Pausing
	}
}

// Silent reports that the watch has found its peer silent, and ends it. Until
// then it sets when to look again.
func (h *InHalf) Silent(now time.Time) bool {
	w := &h.watch
	if w.due.IsZero() || now.Before(w.due) {
		return false
	}
	if w.due = h.heard().Add(w.patience); w.due.After(now) {
		return false
	}
	h.watch = watch{unheard: w.unheard}
	return true
}

// Unheard reports, when it is time to look, that the watched peer has fallen silent
// and has not been told of: whether that is one-way audio depends on what feeds it,
// which another worker may have. A peer that suppresses silence may be silent: it is
// not judged.
func (h *InHalf) Unheard(now time.Time) bool {
	w := &h.watch
	if w.oneWay.IsZero() || now.Before(w.oneWay) {
		return false
	}
	if due := h.heard().Add(oneWayAfter); due.After(now) {
		w.oneWay, w.told = due, false
		return false
	}
	w.oneWay = now.Add(oneWayAfter / 4)
	return h.silent()
}

// OneWay takes it that an unheard peer is spoken to, and reports once for each time
// that it is silent still.
func (h *InHalf) OneWay(now time.Time) bool {
	w := &h.watch
	if w.oneWay.IsZero() || h.heard().Add(oneWayAfter).After(now) || !h.silent() {
		return false
	}
	w.told = true
	w.unheard++
	return true
}

func (h *InHalf) silent() bool {
	w := &h.watch
	return !w.told && (!w.pausing || !h.pin.set) && !h.quality.Paused() && !h.noise
}

// Speaks reports that the peer was heard within the last second.
func (h *InHalf) Speaks(now time.Time) bool {
	return h.pin.set && now.Sub(h.pin.heard) < speaking
}

// heard returns when the peer was heard last, or when the watch began.
func (h *InHalf) heard() time.Time {
	at := h.watch.since
	for _, heard := range [...]time.Time{h.pin.heard, h.latch.heard} {
		if heard.After(at) {
			at = heard
		}
	}
	return at
}
