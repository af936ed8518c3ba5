package relay

import (
	"time"

	"sekisho/media/quality"
)

// Measure closes an interval of the quality of what is heard, if its time has
// come.
func (h *InHalf) Measure(now time.Time) {
	if h.measureAt.IsZero() || now.Before(h.measureAt) {
		return
	}
	h.measureAt = now.Add(quality.Period)
	h.score.Add(now, quality.G711(), h.interval(h.quality.Interval()))
}

func (h *InHalf) interval(i quality.Interval) quality.Interval {
	i.RoundTrip = h.rtcp.rtt.Last
	return i
}

// Quality is what an endpoint knows of both its directions.
type Quality struct {
	// Heard is what came from the peer, by our own count.
	Heard quality.Summary
	// In is the score of that. Out is the score of what we send, by what the
	// peer tells: Told.Source says whether it has.
	In, Out quality.Score
	Told    Told
	RTT     RoundTrip
	// First is when the first packet was heard; zero if none was.
	First time.Time
	// Segments counts streams: SSRCs, and beginnings anew under one of them.
	Segments uint32
	// Missing is what never came (quality.Totals).
	Missing uint64
	// Unheard is how often the peer was not heard while it heard others: one-way
	// audio.
	Unheard uint32
}

// Quality returns it, with the interval that is not closed yet.
func (h *InHalf) Quality(now time.Time) Quality {
	t := h.quality.Totals()
	q := Quality{
		Heard: h.quality.Summary(), In: h.score, Out: h.rtcp.score, Told: h.rtcp.told, RTT: h.rtcp.rtt, First: h.first,
		Segments: t.Segments, Missing: t.Missing, Unheard: h.watch.unheard,
	}
	q.In.Add(now, quality.G711(), h.interval(h.quality.Rest()))
	return q
}
