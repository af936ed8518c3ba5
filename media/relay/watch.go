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

// OneWay reports, once for each time, that the watched peer has fallen silent
// while it hears another: by is what feeds it, nil if nothing that speaks does. A
// peer that suppresses silence may be silent: it is not judged.
func (h *InHalf) OneWay(now time.Time, by *InHalf) bool {
	w := &h.watch
	if w.oneWay.IsZero() || now.Before(w.oneWay) {
		return false
	}
	if due := h.heard().Add(oneWayAfter); due.After(now) {
		w.oneWay, w.told = due, false
		return false
	}
	w.oneWay = now.Add(oneWayAfter / 4)
	if w.pausing && h.pin.set {
		return false
	}
	if w.told || by == nil || !by.speaks(now) || h.quality.Paused() || h.noise {
		return false
	}
	w.told = true
	w.unheard++
	return true
}

// speaks reports that the peer was heard within the last second.
func (h *InHalf) speaks(now time.Time) bool {
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
