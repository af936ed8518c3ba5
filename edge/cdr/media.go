package cdr

import (
	"math"
	"time"

	"sekisho/media/quality"
	"sekisho/media/relay"
)

// Media is the quality of one leg by direction, seen from the middle of the
// call: what went wrong between the leg's peer and us is told apart from what
// went wrong at the other leg.
type Media struct {
	// In is what came from the peer, by our own count of each packet.
	In Heard `json:"in"`
	// Out is what went to the peer, by the peer's word; nil where it gave none.
	Out *Told `json:"out,omitempty"`
	// RTTUS is the newest time to the peer and back by RTCP, RTTMostUS the
	// longest, in microseconds; zero is unknown.
	RTTUS     int64 `json:"rtt_us,omitempty"`
	RTTMostUS int64 `json:"rtt_most_us,omitempty"`
}

// Fault is what is wrong with one direction of one leg.
type Fault string

// The faults, the worse first. A direction has at most one.
const (
	Unheard   Fault = "unheard"   // nothing came though it was expected
	OneWay    Fault = "one-way"   // it came, and then for a while did not
	Loss      Fault = "loss"      // more than 1 % lost
	Jitter    Fault = "jitter"    // more than 1 % too late for a jitter buffer
	Undamaged Fault = ""          // none of these
	tolerable       = 1.0 / 100.0 // share of packets
)

// Heard is one direction as we have measured it.
type Heard struct {
	Source    string `json:"mos_source"` // "local"
	Fault     Fault  `json:"fault,omitempty"`
	Packets   uint64 `json:"packets"`
	Lost      uint64 `json:"lost"` // for good; what came twice does not hide it
	Late      uint64 `json:"late,omitempty"`
	Duplicate uint64 `json:"duplicate,omitempty"`
	Discarded uint64 `json:"discarded,omitempty"` // too late for a jitter buffer

	// Bursts are those of RFC 3611 §4.7.2: how many, their mean length in
	// milliseconds, the share lost within them and between them.
	Bursts       uint64  `json:"bursts,omitempty"`
	BurstMS      int64   `json:"burst_ms,omitempty"`
	BurstDensity float64 `json:"burst_density,omitempty"`
	GapDensity   float64 `json:"gap_density,omitempty"`

	JitterUS     int64 `json:"jitter_us"`
	JitterMostUS int64 `json:"jitter_most_us"`
	// GapMostMS is the longest wait within a talkspurt. Waits counts those of up
	// to 30, 50, 100 and 200 ms, and longer ones.
	GapMostMS int64     `json:"gap_most_ms"`
	Waits     [5]uint64 `json:"waits"`
	PtimeMS   int64     `json:"ptime_ms,omitempty"`
	// DriftPPM is how much faster than ours the peer's clock runs.
	DriftPPM *float64 `json:"drift_ppm,omitempty"`
	// FirstMS is from the answer to the first packet: 0 for early media.
	FirstMS *int64 `json:"first_ms,omitempty"`
	// DSCP is that of the newest packet; DSCPChanges how often it was another.
	DSCP        uint8  `json:"dscp"`
	DSCPChanges uint32 `json:"dscp_changes,omitempty"`
	// Segments counts streams: a transfer at the far side begins another.
	Segments uint32 `json:"segments"`
	// Silence is the share of silent packets among those listened to.
	Silence float64 `json:"silence"`
	// OneWay is how often the peer was not heard while it was spoken to.
	OneWay uint32 `json:"one_way,omitempty"`

	Score
}

// Told is one direction as the peer reports it.
type Told struct {
	Source   string `json:"mos_source"` // "rtcp" or "xr"
	Fault    Fault  `json:"fault,omitempty"`
	Lost     int32  `json:"lost"`
	JitterUS int64  `json:"jitter_us"`
	Score
}

// Score is the E-model's opinion (ITU-T G.107), over intervals of 5 s.
type Score struct {
	// LQ is listening quality; CQ counts the delay of this leg too, and is nil
	// where the round trip was never known.
	LQ *Opinion `json:"mos_lq,omitempty"`
	CQ *Opinion `json:"mos_cq,omitempty"`
	// WorstAt is when the worst interval ended, WorstLoss its share of packets
	// not played.
	WorstAt   *time.Time `json:"worst_at,omitempty"`
	WorstLoss float64    `json:"worst_loss,omitempty"`
	// Class is A, B or C of Japan's numbering rules for this leg alone, where
	// the delay is known.
	Class string `json:"r_class,omitempty"`
}

// Opinion is a mean opinion score, 1 to 4.5.
type Opinion struct {
	Least   float64 `json:"min"`
	Average float64 `json:"avg"`
	Last    float64 `json:"last"`
}

// MediaOf returns what an endpoint's statistics say; answered is when the call
// was, zero if never. It returns nil for an endpoint that neither sent nor heard
// anything.
func MediaOf(s *relay.Stats, answered time.Time) *Media {
	if s.Received == 0 && s.Sent == 0 {
		return nil
	}
	q := &s.Quality
	h := &q.Heard
	m := &Media{
		In: Heard{
			Source: relay.Local.String(), Packets: s.Received, Lost: q.Missing, Late: s.Late, Duplicate: s.Duplicate, Discarded: h.Discarded,
			Bursts: h.Count, BurstDensity: rounded(h.Density()), GapDensity: rounded(h.GapDensity()),
			JitterUS: h.Jitter.Microseconds(), JitterMostUS: h.MaxJitter.Microseconds(),
			GapMostMS: h.MaxGap.Milliseconds(), Waits: h.Deltas, PtimeMS: h.Ptime.Milliseconds(),
			DSCP: h.TOS >> 2, DSCPChanges: h.TOSChanges, Segments: q.Segments, OneWay: q.Unheard,
			Score: scoreOf(&q.In),
		},
		RTTUS: q.RTT.Last.Microseconds(), RTTMostUS: q.RTT.Most.Microseconds(),
	}
	if h.Count > 0 {
		m.In.BurstMS = (time.Duration(h.Bursts.Packets) * h.Ptime / time.Duration(h.Count)).Milliseconds()
	}
	if h.Drifts {
		ppm := math.Round(h.Drift)
		m.In.DriftPPM = &ppm
	}
	if h.Sampled > 0 {
		m.In.Silence = rounded(float64(h.Silent) / float64(h.Sampled))
	}
	if !answered.IsZero() && !q.First.IsZero() {
		after := max(0, q.First.Sub(answered).Milliseconds())
		m.In.FirstMS = &after
	}
	m.In.Fault = faultOf(s, answered)
	if q.Told.Source != relay.Nobody {
		m.Out = &Told{
			Source: q.Told.Source.String(), Lost: q.Told.Lost, JitterUS: q.Told.Jitter.Microseconds(), Score: scoreOf(&q.Out),
		}
		if q.Told.Lost > 0 && float64(q.Told.Lost) > tolerable*float64(s.Sent) {
			m.Out.Fault = Loss
		}
	}
	return m
}

func faultOf(s *relay.Stats, answered time.Time) Fault {
	q := &s.Quality
	most := tolerable * float64(s.Received+q.Missing)
	switch {
	case s.Received == 0 && q.Unheard > 0 && !answered.IsZero():
		return Unheard
	case q.Unheard > 0:
		return OneWay
	case float64(q.Missing) > most:
		return Loss
	case float64(q.Heard.Discarded) > most:
		return Jitter
	}
	return Undamaged
}

func scoreOf(s *quality.Score) (out Score) {
	out.LQ, out.CQ = opinionOf(&s.Listening), opinionOf(&s.Conversational)
	if s.Listening.Count > 0 {
		at := s.Worst
		out.WorstAt, out.WorstLoss = &at, rounded(s.WorstLoss)
	}
	out.Class = s.Grade.String()
	return out
}

func opinionOf(o *quality.Opinion) *Opinion {
	if o.Count == 0 {
		return nil
	}
	return &Opinion{Least: rounded(o.Least), Average: rounded(o.Average()), Last: rounded(o.Last)}
}

// rounded keeps three decimals: records are read by people, too.
func rounded(x float64) float64 { return math.Round(x*1000) / 1000 }
