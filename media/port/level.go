package port

import "time"

// level is how many pairs a pool keeps bound. Growth begins below a low mark
// and shrinking above a high one, both of pairs that are ready, so that between
// them a steady load neither binds nor closes:
//
//	0 ──────── low ─────── 2·low ─────── high ───▶ ready
//	    bind, up to 2·low    │  let be   │  close
//
// What was asked for within the last Target is the measure of both. When nothing
// was, the pool goes back to the Stock it began with.

// low is the least number of ready pairs that is enough: the whole stock under
// load, less where little was asked for.
func (p *Pool) low(now time.Time) int {
	return min(p.terms.Stock, 2*p.asked.lately(now, p.terms.Target))
}

// high is the greatest number of ready pairs that is not too many.
func (p *Pool) high(now time.Time) int {
	if lately := p.asked.lately(now, p.terms.Target); lately > 0 {
		return max(3*p.terms.Stock, lately)
	}
	// The pairs that somebody holds count against the stock, so that its owner
	// may keep a few in hand and the sum is still the Stock; half of it is
	// ready whoever holds how many.
	held := p.leased + p.quarantined(now)
	return max(p.terms.Stock-held, p.terms.Stock/2)
}

// Lack returns how many pairs Grow should bind now: 0 while enough are ready or
// nothing is left to bind.
func (p *Pool) Lack(now time.Time) int {
	ready, low := p.Ready(now), p.low(now)
	p.growing = ready < low || p.growing && ready < 2*low
	if !p.growing {
		return 0
	}
	return min(2*low-ready, len(p.candidates))
}

// Shrink takes up to n surplus pairs, all of which have rested for Target, out
// of the pool and calls each with every one. They cannot be leased any more.
// Their owner closes them and then calls Closed. It returns how many there are.
func (p *Pool) Shrink(now time.Time, n int, each func(index uint32, pair Pair)) int {
	n = min(n, p.Ready(now)-p.high(now))
	if n <= 0 {
		return 0
	}
	// What another program held may have been given up since: it is worth
	// another try, once for each time that the pool has grown too large.
	p.candidates = append(p.candidates, p.taken...)
	p.taken = p.taken[:0]
	rested := p.rested(now, p.terms.Target)
	for i := range n {
		from := &p.resting // a fresh pair is better to keep: nobody knows its port
		if i >= rested {
			from = &p.fresh
		}
		index, _ := from.pop()
		e := p.pairs[index]
		e.use = leaving
		p.leaving++
		each(index, e.pair)
	}
	return n
}

// Closed tells that a pair which Shrink has taken out is closed. Its address is
// a candidate again, behind all others, and its index free for another pair.
func (p *Pool) Closed(index uint32) {
	e := p.pairs[index]
	if e == nil || e.use != leaving {
		panic("port: closed a pair that Shrink has not taken out")
	}
	p.candidates = append(p.candidates, e.candidate)
	p.pairs[index] = nil
	p.vacant = append(p.vacant, index)
	p.leaving--
	p.closed++
}
