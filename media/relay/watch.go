package relay

import "time"

// watch is how long a peer may be silent. It costs nothing per packet: the time
// of the last one is known anyway, and is looked at when the watch is due.
type watch struct {
	patience   time.Duration
	since, due time.Time
}

// Watch expects the peer to be heard within patience, from now on; zero expects
// nothing.
func (h *InHalf) Watch(now time.Time, patience time.Duration) {
	h.watch = watch{}
	if patience > 0 {
		h.watch = watch{patience: patience, since: now, due: now.Add(patience)}
	}
}

// Silent reports that the watch has found its peer silent, and ends it. Until
// then it sets when to look again.
func (h *InHalf) Silent(now time.Time) bool {
	w := &h.watch
	if w.due.IsZero() || now.Before(w.due) {
		return false
	}
	heard := w.since
	for _, at := range [...]time.Time{h.pin.heard, h.latch.heard} {
		if at.After(heard) {
			heard = at
		}
	}
	if w.due = heard.Add(w.patience); w.due.After(now) {
		return false
	}
	h.watch = watch{}
	return true
}
