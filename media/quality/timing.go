package quality

import "time"

const (
	// epoch is over how long the least delay is looked for: by it the sender's
	// clock is compared with ours, free of what the network delays.
	epochLength = 5 * time.Second
	// leap is a change of transit that no network makes: the sender's clock has
	// jumped. In seconds.
	leap = 1
	// leastBuffer is the least that a receiver's jitter buffer holds; it grows
	// to four times the jitter and no further than mostBuffer. In milliseconds.
	leastBuffer = 40
	mostBuffer  = 200
	// longestPtime is the longest packet that is believed.
	longestPtime = 200 * time.Millisecond
)

// deltaClasses is how many classes of waits there are: up to 30, 50, 100 and
// 200 ms, and longer ones.
const deltaClasses = 5

// timing is when audio packets come, against when their clock says.
type timing struct {
	last     time.Duration // arrival of the newest audio packet, from the segment's beginning
	transit  int64         // of the packet measured last, in clock units
	offset   int64         // sum of its changes
	ts       uint32        // of the newest audio packet
	seq      uint16        // likewise
	step     uint32        // timestamps from one packet to the next: confirmed by a second
	untested uint32        // step seen once
	timed    bool          // transit is known
	paced    bool          // last, ts and seq are of the packet before, in one talkspurt

	since       time.Duration // the present epoch
	least       int64         // offset of this epoch
	before      int64         // least offset of the epoch before
	firstAt     time.Duration // the first full epoch of this clock
	first       int64
	lastAt      time.Duration // the last full one
	final       int64
	epochs      uint32
	discarded   uint64
	pauses      uint64
	maxGap      time.Duration
	deltas      [deltaClasses]uint64
	jitter      uint32 // clock units times 16 (RFC 3550 A.8)
	maxJitter   uint32
	transitions uint32 // leaps of the sender's clock
}

// pause forgets the packet before: what comes next is measured against nothing.
func (t *timing) pause() { t.paced = false }

// restart begins with another clock.
func (t *timing) restart() {
	t.timed, t.paced, t.epochs = false, false, 0
	t.step, t.untested = 0, 0
}

// measure is A.8: J += (|D| - J)/16 in integers scaled by 16.
func (t *timing) measure(at time.Duration, timestamp, rate uint32) {
	transit := int64(at)*int64(rate)/int64(time.Second) - int64(timestamp)
	d := int64(int32(transit - t.transit)) // the timestamp wraps at 32 bits
	t.transit = transit
	if !t.timed || d > leap*int64(rate) || d < -leap*int64(rate) {
		if t.timed {
			t.transitions++
		}
		t.timed, t.offset, t.epochs = true, 0, 0
		t.since, t.least, t.before = at, 0, 0
		return
	}
	t.offset += d
	if d < 0 {
		d = -d
	}
	t.jitter += uint32(d) - (t.jitter+8)>>4
	t.maxJitter = max(t.maxJitter, t.jitter)
	t.follow(at)
	if t.offset-min(t.least, t.before) > int64(t.depth(rate)) {
		t.discarded++
	}
}

// follow keeps the least offset of each epoch.
func (t *timing) follow(at time.Duration) {
	if at-t.since < epochLength {
		t.least = min(t.least, t.offset)
		return
	}
	if t.epochs == 0 {
		t.firstAt, t.first = t.since, t.least
	}
	t.lastAt, t.final = t.since, t.least
	t.epochs++
	t.before, t.least, t.since = t.least, t.offset, at
}

// space measures the wait for a packet that is newer than all before.
func (t *timing) space(at time.Duration, seq uint16, ts uint32, rate uint32) {
	numbers, advance := uint32(seq-t.seq), ts-t.ts
	wait := at - t.last
	if t.paced && numbers == 1 && t.step != advance {
		t.learn(advance, rate)
	}
	if t.paced && t.step > 0 {
		if advance == numbers*t.step {
			t.maxGap = max(t.maxGap, wait)
			t.deltas[class(wait)]++
		} else if advance > numbers*t.step && advance < 1<<31 {
			t.pauses++ // RFC 3551 §4.1: a sender that suppresses silence
		}
	}
	t.last, t.seq, t.ts, t.paced = at, seq, ts, true
}

// learn takes a step that two packets in a row have shown.
func (t *timing) learn(advance, rate uint32) {
	if advance == t.untested && advance > 0 && int64(advance) <= int64(longestPtime)*int64(rate)/int64(time.Second) {
		t.step = advance
	}
	t.untested = advance
}

func class(wait time.Duration) int {
	switch {
	case wait <= 30*time.Millisecond:
		return 0
	case wait <= 50*time.Millisecond:
		return 1
	case wait <= 100*time.Millisecond:
		return 2
	case wait <= 200*time.Millisecond:
		return 3
	}
	return deltaClasses - 1
}

// depth estimates what a receiver's jitter buffer holds, in clock units.
func (t *timing) depth(rate uint32) uint32 {
	return min(max(rate/(1000/leastBuffer), 4*(t.jitter/16)), rate/(1000/mostBuffer))
}

// drift is how much faster than ours the sender's clock runs, in parts per
// million; ok is false before two epochs are full.
func (t *timing) drift(rate uint32) (ppm float64, ok bool) {
	if t.epochs < 2 {
		return 0, false
	}
	passed := (t.lastAt - t.firstAt).Seconds()
	return -float64(t.final-t.first) / float64(rate) / passed * 1e6, true
}

func units(n uint64, rate uint32) time.Duration {
	return time.Duration(n * uint64(time.Second) / uint64(rate))
}
