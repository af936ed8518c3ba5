package keys

import (
	"fmt"
	"time"
)

// Rule is what is asked of the filter, in the words of SPEC R53.
type Rule struct {
	Gap  time.Duration // from the end of a star to the start of its second
	Long time.Duration // a star that is down for longer is heard
	Tone time.Duration // how long a star is heard that was held back
}

// lost is how long nothing has come of a key that is taken to be up.
const lost = 120 * ms

// seen is a press as its packets arrived.
type seen struct {
	Press
	at, over time.Duration // its first packet, and its end
	known    time.Duration // when its end was known
}

// witness tells presses from the arrivals alone. A press of which nothing
// arrived was not, nor one of which nothing arrived before the next.
func witness(presses []Press, arrivals []Packet) (list []seen) {
	firsts := make([]time.Duration, len(presses))
	for i := range firsts {
		firsts[i] = -1
	}
	for _, a := range arrivals {
		if a.Press >= 0 && firsts[a.Press] < 0 {
			firsts[a.Press] = a.At
		}
	}
	for i, p := range presses {
		if firsts[i] < 0 {
			continue
		}
		s := seen{Press: p, at: firsts[i], over: firsts[i], known: -1}
		next := time.Duration(1<<62 - 1) // first packet of a later press
		for _, f := range firsts[i+1:] {
			if f >= 0 {
				next = min(next, f)
			}
		}
		if next < s.at {
			continue
		}
		for _, a := range arrivals {
			if a.Press != i || s.known >= 0 || a.At < s.at || a.At > next {
				continue
			}
			if a.At-s.over >= lost {
				break
			}
			s.over = a.At
			if a.End {
				s.known = a.At
			}
		}
		if s.known < 0 {
			s.known = min(s.over+lost, next)
		}
		list = append(list, s)
	}
	return list
}

// expect is what should be heard: every key but the swallowed stars, in order.
// Runs are stars with short gaps between them; only a run of one is heard, and a
// first star that was down for too long to be held back.
func (r Rule) expect(list []seen) (keys []seen) {
	for i := 0; i < len(list); {
		if list[i].Key != '*' {
			keys = append(keys, list[i])
			i++
			continue
		}
		j := i
		for j+1 < len(list) && list[j+1].Key == '*' && list[j+1].at-list[j].over <= r.Gap {
			j++
		}
		if i == j || list[i].known-list[i].at >= r.Long {
			keys = append(keys, list[i])
		}
		i = j + 1
	}
	return keys
}

// pause is the least between two keys of which the second is not the sender's own.
const pause = 60 * ms

// Judge returns what is wrong with what left, or nil.
func (r Rule) Judge(presses []Press, sent, arrivals []Packet, out []Sent) error {
	rc := receiver{ts: map[uint16]uint32{}}
	for _, s := range out {
		if err := rc.take(s); err != nil {
			return fmt.Errorf("at %v: %w", s.At, err)
		}
	}
	if err := rc.numbers(sent, arrivals); err != nil {
		return err
	}
	list := witness(presses, arrivals)
	if err := r.keys(r.expect(list), list, rc.tones); err != nil {
		return fmt.Errorf("%w\nseen  %v\nheard %v", err, list, rc.tones)
	}
	return r.audio(list, &rc)
}

// keys compares what was heard with what should be.
func (r Rule) keys(want, list []seen, got []tone) error {
	for i, w := range want {
		if i >= len(got) || got[i].key != w.Key {
			return fmt.Errorf("key %d, %c, is not heard in its place", i, w.Key)
		}
		by, behind := w.at, time.Duration(0)
		if i > 0 {
			behind = got[i-1].over() + pause
		}
		if w.Key == '*' {
			by = r.released(w, list)
			if i > 0 && got[i-1].key == '*' {
				if got[i].at < got[i-1].over()+r.Gap {
					return fmt.Errorf("key %d, a star at %v, begins within the gap", i, got[i].at)
				}
				behind = got[i-1].over() + r.Gap
			}
		}
		if i > 0 && got[i-1].key == '*' && got[i].at < got[i-1].over()+pause {
			return fmt.Errorf("key %d at %v begins before the pause behind a star is over", i, got[i].at)
		}
		if late := got[i].at - max(by, behind); late > 20*ms {
			return fmt.Errorf("key %d, %c, is heard %v late", i, w.Key, late)
		}
		if w.Key == '*' && w.known-w.at < r.Long && got[i].lasted != r.Tone {
			return fmt.Errorf("key %d, a star, is heard for %v", i, got[i].lasted)
		}
	}
	if len(got) > len(want) {
		return fmt.Errorf("%c at %v is one key too many", got[len(want)].key, got[len(want)].at)
	}
	return nil
}

// released is when a lone star is known to be one: at the next key, at the end
// of the gap, or when it has been down for too long.
func (r Rule) released(w seen, list []seen) time.Duration {
	at := max(w.over+r.Gap, w.known)
	for _, s := range list {
		if s.at > w.at {
			at = min(at, s.at)
		}
	}
	if w.known-w.at >= r.Long {
		at = min(at, w.at+r.Long)
	}
	return at
}

// audio checks that nothing is heard beside a star that is withheld, and that the
// audio around keys of ours is neither shifted nor said twice.
func (r Rule) audio(list []seen, rc *receiver) error {
	for i, a := range rc.audio {
		if a.shift != rc.audio[0].shift {
			return fmt.Errorf("audio at %v is shifted by %d", a.at, int32(a.shift-rc.audio[0].shift))
		}
		for _, s := range list {
			if s.Key == '*' && a.at > s.at && a.at < s.over {
				return fmt.Errorf("audio packet %d at %v is heard while a star is down", i, a.at)
			}
		}
		for _, t := range rc.tones {
			if into := a.ts - t.ts; t.key == '*' && into < units(t.lasted) {
				return fmt.Errorf("audio at %v overlaps the star at %v by %d units", a.at, t.at, into)
			}
		}
	}
	return nil
}
