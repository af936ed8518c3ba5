package load

// tally collects what a trial has seen.
type tally struct {
	placed, kept, cut [kinds]int
	failures          map[failure]int
	statuses          map[int]int
	ringing, answered histogram
	unrung            int

	directions [sides]Direction // by who sent
	latency    [sides]histogram
	packets    uint64
	strangers  uint64
	early      uint64
	sound      uint64

	// Of the generator itself.
	late       histogram
	unsent     uint64
	overruns   uint64
	repeated   int // our retransmissions
	heardAgain int // the border's
	stray      int
	unreadable int
}

// failure names what went wrong with calls of a kind.
type failure struct {
	kind Kind
	what string
}

func newTally() *tally {
	return &tally{failures: make(map[failure]int), statuses: make(map[int]int)}
}

func (t *tally) fail(k Kind, what string) { t.failures[failure{k, what}]++ }

// finish counts a call that is over.
func (t *tally) finish(c *call) {
	for i := range c.ends {
		t.stream(&c.ends[i], &c.ends[1-i])
	}
	switch {
	case c.fault != "":
		t.fail(c.kind, c.fault)
	case c.cut:
		t.cut[c.kind]++
	default:
		t.kept[c.kind]++
	}
}

// stream counts what one end has sent and the other received.
func (t *tally) stream(from, to *half) {
	t.sound += to.counts.sound
	d := &t.directions[from.side]
	d.Sent += from.out.sent
	d.Received += to.in.distinct
	d.Corrupted += to.counts.corrupted
	d.Foreign += to.counts.foreign
	d.Duplicated += to.in.duplicated
	d.Reordered += to.in.reordered
	d.Renumbered += to.in.renumbered
	if lost := from.out.sent - min(from.out.sent, to.in.distinct); lost > 0 {
		d.Lost += lost
		if to.in.begun {
			d.LostAtStart += uint64(to.in.lowest)
		}
		d.StreamsWithLoss++
	}
	if from.out.sent > 0 {
		d.Streams++
		jitter := to.in.jitter / 1000
		d.JitterMean += (jitter - d.JitterMean) / float64(d.Streams)
		d.JitterMax = max(d.JitterMax, jitter)
	}
}

// report is what a trial has shown.
func (t *tally) report() *Report {
	r := &Report{
		Calls: map[string]Outcome{}, Statuses: t.statuses,
		Ringing: t.ringing.quantiles(), Answered: t.answered.quantiles(),
		Media: t.directions, Unrung: t.unrung, Strangers: t.strangers, Early: t.early, Sound: t.sound,
		Generator: Generator{
			Late: t.late.quantiles(), Unsent: t.unsent, Overruns: t.overruns, Repeated: t.repeated,
			HeardAgain: t.heardAgain, Stray: t.stray, Unreadable: t.unreadable,
		},
	}
	for i := range r.Media {
		r.Media[i].From, r.Media[i].Latency = side(i).String(), t.latency[i].quantiles()
	}
	both := t.latency[caller]
	both.merge(&t.latency[callee])
	r.Latency = both.quantiles()
	for k := range kinds {
		if t.placed[k] == 0 {
			continue
		}
		o := Outcome{Placed: t.placed[k], Kept: t.kept[k], Cut: t.cut[k]}
		for f, n := range t.failures {
			if f.kind == k {
				if o.Failed == nil {
					o.Failed = map[string]int{}
				}
				o.Failed[f.what] = n
			}
		}
		r.Calls[k.String()] = o
	}
	return r
}
