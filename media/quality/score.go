package quality

import "time"

// Period is how long an interval of a Score is.
const Period = 5 * time.Second

// Interval is what a stream has shown since the last one.
type Interval struct {
	Packets, Lost, Discarded, Runs uint64
	// Jitter is at its end; Buffer what a receiver would hold against it.
	Jitter, Buffer, Ptime time.Duration
	// RoundTrip is of RTCP; zero is unknown.
	RoundTrip time.Duration
}

// Delay estimates the way from mouth to ear as far as it is known: half the
// round trip, one packet, the jitter buffer. ok is false without a round trip.
func (i *Interval) Delay() (d time.Duration, ok bool) {
	return i.RoundTrip/2 + i.Ptime + i.Buffer, i.RoundTrip > 0
}

// Path is what the interval says of the network.
func (i *Interval) Path() Path {
	loss := min(1, share(i.Lost+i.Discarded, i.Packets))
	p := Path{Loss: loss, Burst: 1}
	if i.Runs > 0 {
		// Chance alone makes runs of 1/(1-p) losses.
		p.Burst = max(1, share(i.Lost, i.Runs)*(1-share(i.Lost, i.Packets)))
	}
	return p
}

// Opinion sums mean opinion scores.
type Opinion struct {
	Least, Last float64
	Sum         float64
	Count       uint32
}

// Average returns the mean; 0 without any.
func (o *Opinion) Average() float64 {
	if o.Count == 0 {
		return 0
	}
	return o.Sum / float64(o.Count)
}

func (o *Opinion) add(mos float64) {
	if o.Count == 0 || mos < o.Least {
		o.Least = mos
	}
	o.Last = mos
	o.Sum += mos
	o.Count++
}

// Score is what listeners would say of the intervals of a stream.
type Score struct {
	// Listening is the quality of what is heard; Conversational counts the
	// delay too and has intervals only while the round trip is known.
	Listening, Conversational Opinion
	// Worst is when the interval with the least listening quality ended, and
	// WorstLoss its share of packets not played.
	Worst     time.Time
	WorstLoss float64
	// Grade is that of the last interval whose delay is known.
	Grade Grade
}

// Add takes an interval of a stream; one without packets says nothing.
func (s *Score) Add(at time.Time, e Equipment, i Interval) {
	if i.Packets == 0 {
		return
	}
	p := i.Path()
	s.Opine(at, Rating(e, p), p.Loss)
	if d, ok := i.Delay(); ok {
		p.Delay = d
		r := Rating(e, p)
		s.Conversational.add(MOS(r))
		s.Grade = GradeOf(r, d)
	}
}

// Opine takes the rating of an interval, listening only.
func (s *Score) Opine(at time.Time, r, loss float64) {
	mos := MOS(r)
	if s.Listening.Count == 0 || mos < s.Listening.Least {
		s.Worst, s.WorstLoss = at, loss
	}
	s.Listening.add(mos)
}
