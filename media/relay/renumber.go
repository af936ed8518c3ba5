package relay

const (
	// stretches is how many stretches of the feeder's numbers are remembered.
	stretches = 8
	// reach is how far behind the newest packet one may still be sent. It keeps
	// the oldest stretch near, where serial numbers compare (RFC 1982).
	reach = 1000
)

// renumbering maps the sequence numbers of a feeder to those of a stream that
// leaves some of its packets out and inserts others, so that the receiver counts
// as lost what was lost before it and nothing else:
//
//	feeder     1   2   3 │ 4   5   6 │         7   8
//	           ·   ·   · │ left out  │         ·   ·
//	stream    11  12  13 │           │ 14* 15* 16  17     * inserted
//
// A number that is missing between two packets left out is taken to be of the
// same kind. A late packet gets the number that was kept for it, or none where
// its neighbours were left out.
type renumbering struct {
	list   [stretches]stretch // the newest last
	n      uint8
	newest uint16 // of the feeder's numbers
	add    uint16 // to the feeder's next number
}

// stretch is a run of the feeder's numbers, until the next stretch.
type stretch struct {
	from, add uint16
	leftOut   bool
}

// renumber begins with a feeder's number and the one that it gets.
func renumber(from, to uint16) renumbering {
	r := renumbering{n: 1, newest: from - 1, add: to - from}
	r.list[0] = stretch{from: from, add: r.add}
	return r
}

// pass returns the number of a packet that is sent; ok is false where it comes
// too late.
func (r *renumbering) pass(seq uint16) (to uint16, ok bool) {
	if int16(seq-r.newest) > 0 {
		if last := &r.list[r.n-1]; last.leftOut || last.add != r.add {
			r.begin(stretch{from: r.newest + 1, add: r.add})
		}
		r.advance(seq)
		return seq + r.add, true
	}
	for i := int(r.n) - 1; i >= 0; i-- {
		if s := &r.list[i]; int16(seq-s.from) >= 0 {
			return seq + s.add, !s.leftOut
		}
	}
	return 0, false
}

// leaveOut takes note of a packet that is not sent.
func (r *renumbering) leaveOut(seq uint16) {
	if int16(seq-r.newest) <= 0 {
		return // its number was passed over already
	}
	if r.list[r.n-1].leftOut {
		r.add -= seq - r.newest
	} else {
		if r.newest+1 != seq && r.list[r.n-1].add != r.add {
			r.begin(stretch{from: r.newest + 1, add: r.add})
		}
		r.begin(stretch{from: seq, leftOut: true})
		r.add--
	}
	r.advance(seq)
}

// insert returns the number of a packet that the feeder has not sent, behind its
// newest and those that may yet come before that.
func (r *renumbering) insert() (to uint16) {
	r.add++
	return r.newest + r.add
}

func (r *renumbering) begin(s stretch) {
	if r.n == stretches {
		copy(r.list[:], r.list[1:])
		r.n--
	}
	r.list[r.n] = s
	r.n++
}

func (r *renumbering) advance(seq uint16) {
	r.newest = seq
	for r.n > 1 && r.newest-r.list[1].from > reach {
		copy(r.list[:], r.list[1:r.n])
		r.n--
	}
	if r.newest-r.list[0].from > reach {
		r.list[0].from = r.newest - reach
	}
}
