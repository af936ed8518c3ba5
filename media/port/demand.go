package port

import "time"

// demand counts the pairs asked for in the last window: in parts, so that
// neither memory nor work grows with them. What was asked for counts for at
// least parts-1 and at most parts times the width of a part.
type demand struct {
	parts [16]int
	sum   int
	last  int       // the part that is being filled
	since time.Time // when that began
}

func (d *demand) add(now time.Time, window time.Duration, n int) {
	d.roll(now, window)
	d.parts[d.last] += n
	d.sum += n
}

// lately returns how many pairs were asked for in the last window.
func (d *demand) lately(now time.Time, window time.Duration) int {
	d.roll(now, window)
	return d.sum
}

// roll empties the parts that have grown too old.
func (d *demand) roll(now time.Time, window time.Duration) {
	width := max(1, window/time.Duration(len(d.parts)-1))
	over := int64(now.Sub(d.since) / width)
	if d.sum == 0 || over > int64(len(d.parts)) {
		*d = demand{since: now}
		return
	}
	for ; over > 0; over-- {
		d.last = (d.last + 1) % len(d.parts)
		d.sum -= d.parts[d.last]
		d.parts[d.last] = 0
		d.since = d.since.Add(width)
	}
}
