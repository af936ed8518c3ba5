package dtmf

import "time"

const (
	// pause is the least between two keys of which we say the second.
	pause = 60 * time.Millisecond
	// least is how long a key is said at least, however short its press was.
	least Millis = 40
	// backlog is how many keys may wait, and patience how long the first of them:
	// behind that the sender is no telephone, and what waits is given up.
	backlog  = 16
	patience = 3 * time.Second
	// endings is how often the end of an event is sent (RFC 4733 §2.5.1.4).
	endings = 3
)

// Frame is one packet of a key that is said.
type Frame struct {
	Key     Key
	First   bool // of the key
	End     bool // the key ends with it
	Again   bool // it is the end again
	Elapsed time.Duration
}

// Speaker says keys, one after another with a pause between them, each in as
// many frames as it is long. Presses that have packets of their own are left to
// them unless something is being said or waits; then they are said behind it.
// It is plain data; the zero Speaker has nothing to say.
//
//	     80 ms        60 ms        as long as it was
//	┬────────────┬────────────┬──────────────────────┬───
//	│ *          │            │ 0                    │
//	└ M  ·  ·  E─┘            └ M  ·  ·  ·  ·  ·  E──┘
//	           E                                  E
//	           E                                  E
type Speaker struct {
	queue [backlog]word // the first is said
	n     uint8
	ends  uint8 // how often its end was sent

	began time.Time
	next  time.Time     // of its frames
	told  time.Duration // of it
	head  time.Time     // since when it waits, first of all

	free  time.Time // when a press may pass again
	quiet time.Time // since when no key is heard
	last  Key       // that was heard

	saying bool // the first of queue is being said
	down   bool // a press that passes is down
	latest Ordinal
	passed uint8 // a bit for each of the last presses, the latest lowest

	lost uint32
}

// word is a key that waits to be said.
type word struct {
	length, apart Millis
	key           Key
	ended         bool // length is known
}

// Order takes an order. passable says that the other side takes the packets of a
// press as they are.
func (s *Speaker) Order(now time.Time, o Order, passable bool) {
	switch o.Op {
	case Say:
		s.push(now, word{key: o.Key, length: o.Length, apart: o.Apart, ended: true})
	case Begin:
		s.down = passable && o.Spoken == ByEvents && s.n == 0 && !now.Before(s.free)
		if o.Spoken == ByEvents {
			s.latest = o.Press
			s.passed <<= 1
		}
		if s.down {
			s.passed |= 1
			s.last = o.Key
		} else {
			s.push(now, word{key: o.Key, apart: o.Apart})
		}
	case End:
		if s.down {
			s.down, s.quiet = false, now
		} else if w := &s.queue[max(s.n, 1)-1]; s.n > 0 && !w.ended {
			w.ended, w.length = true, o.Length
		}
	}
}

// Passes reports whether the packets of a press are passed on.
func (s *Speaker) Passes(n Ordinal) bool {
	back := s.latest - n
	return n != Withheld && back < 8 && s.passed>>back&1 != 0
}

// Saying reports whether a key is being said, in the place of all else.
func (s *Speaker) Saying() bool { return s.saying }

// Lost returns how many keys were given up.
func (s *Speaker) Lost() uint32 { return s.lost }

// Cut ends the keys that are down: their sender is gone.
func (s *Speaker) Cut() {
	s.down, s.passed = false, 0
	for i := range s.queue[:s.n] {
		s.queue[i].ended = true
	}
}

// Drop gives up whatever waits: it cannot be said.
func (s *Speaker) Drop() {
	s.lost += uint32(s.n)
	s.n, s.saying = 0, false
}

// Deadline returns when Next has a frame, or the zero time.
func (s *Speaker) Deadline() time.Time {
	switch {
	case s.n == 0, s.down:
		return time.Time{}
	case s.saying:
		return s.next
	}
	return s.start()
}

// start returns when the first of queue may begin.
func (s *Speaker) start() time.Time {
	after := pause
	if w := &s.queue[0]; w.key == s.last {
		after = max(after, w.apart.Duration())
	}
	if at := s.quiet.Add(after); at.After(s.head) {
		return at
	}
	return s.head
}

// Next returns the frame that is due; ok is false where none is. Frames are step
// long. It is to be called until then.
func (s *Speaker) Next(now time.Time, step time.Duration) (f Frame, ok bool) {
	if s.n == 0 || s.down && !s.saying {
		return Frame{}, false
	}
	if !s.saying {
		at := s.start()
		if now.Before(at) {
			return Frame{}, false
		}
		if now.Sub(s.head) > patience {
			s.Drop()
			return Frame{}, false
		}
		s.saying, s.began, s.next, s.told, s.ends = true, now, now, 0, 0
	}
	if now.Before(s.next) {
		return Frame{}, false
	}
	return s.frame(now, step), true
}

func (s *Speaker) frame(now time.Time, step time.Duration) Frame {
	w := &s.queue[0]
	f := Frame{Key: w.key, First: s.told == 0, Again: s.ends > 0}
	if !f.Again {
		before := s.told
		s.told += step
		if length := max(w.length, least).Duration(); w.ended && s.told >= length {
			s.told = max(before, length)
			f.End = true
		} else {
			s.next = s.next.Add(step)
		}
	}
	f.Elapsed = s.told
	if f.Again || f.End {
		f.End = true
		if s.ends++; s.ends == endings {
			s.finish(now)
		}
	}
	return f
}

// finish is called with the last frame of a key, whose time is yet to pass: each
// frame is sent when its time begins.
func (s *Speaker) finish(now time.Time) {
	w := s.queue[0]
	copy(s.queue[:], s.queue[1:s.n])
	s.n--
	s.saying, s.head = false, now
	s.last = w.key
	s.quiet = s.began.Add(s.told)
	s.free = s.quiet.Add(pause)
}

func (s *Speaker) push(now time.Time, w word) {
	if s.n == backlog {
		s.Drop()
	}
	if s.n == 0 {
		s.head = now
	}
	s.queue[s.n] = w
	s.n++
}
