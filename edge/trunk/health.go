package trunk

import (
	"time"

	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/token"
)

// Group is an ordered list of peers that stand in for each other: a trunk's by
// its policy.TrunkID, and behind the last of them the core's.
type Group int

// PeerID names one peer: its group, and its place in the group's order.
type PeerID struct {
	Group Group
	Place int
}

// Watch is how the peers of one group are judged.
type Watch struct {
	Name string
	// To are the peers in failover order.
	To []flow.Flow
	// DownAfter misses in a row take a peer out of use, UpAfter answers in a row
	// bring it back. Zero is one.
	DownAfter, UpAfter int
	// Interval is how often a peer is asked by OPTIONS; zero is never.
	Interval time.Duration
	// Rest is how long a peer that nobody asks stays out of use before a call is
	// tried there again.
	Rest time.Duration
}

// Probed reports whether OPTIONS say when a peer of the group is up again.
func (w *Watch) Probed() bool { return w.Interval > 0 }

// longestPause caps what one answer of a peer can do to it. RFC 3261 §21.5.4
// has us honour what Retry-After says; a slip of the pen must not cost a day.
const longestPause = 5 * time.Minute

// Change is what a report has made of a peer.
type Change uint8

// The changes.
const (
	Unchanged Change = iota
	WentDown
	CameUp
	Paused
)

// String returns the change in words for an operator.
func (c Change) String() string {
	switch c {
	case WentDown:
		return "peer is down"
	case CameUp:
		return "peer is up"
	case Paused:
		return "peer asks for a pause"
	case Unchanged:
	}
	return "peer is as it was"
}

// Health is what is known of all peers: which may be sent calls, and in which
// order. It is a machine of one owner; whoever shares it puts a lock around it.
//
//	up ──DownAfter misses──▶ down ──UpAfter answers──▶ up
//	up ──503, Retry-After──▶ paused ──time──▶ up
//
// A down peer of a group that is not probed is tried again after a rest: only
// a call can tell.
type Health struct {
	random token.Source
	groups []watched
}

type watched struct {
	Watch
	peers []condition
}

type condition struct {
	down bool
	// good and bad count answers and misses in a row.
	good, bad int
	// until is when a pause or a rest ends.
	until time.Time
	asked [2]uint64 // probes missed, answered
	// answers counts the calls that it has answered at all.
	answers uint64
}

// NewHealth returns the health of groups of which nothing is known: every peer
// may be called.
func NewHealth(random token.Source, groups []Watch) *Health {
	h := &Health{random: random}
	for _, g := range groups {
		g.DownAfter, g.UpAfter = max(g.DownAfter, 1), max(g.UpAfter, 1)
		h.groups = append(h.groups, watched{Watch: g, peers: make([]condition, len(g.To))})
	}
	return h
}

// All appends the places of all of a group's peers. It reads nothing that ever
// changes.
func (h *Health) All(g Group, out []int) []int {
	for i := range h.groups[g].To {
		out = append(out, i)
	}
	return out
}

// Order appends the places of a group's peers that a call may be sent to, in
// the order in which it shall be.
func (h *Health) Order(now time.Time, g Group, out []int) []int {
	w := &h.groups[g]
	for i := range w.peers {
		if w.usable(now, &w.peers[i]) {
			out = append(out, i)
		}
	}
	return out
}

// Available reports whether any peer of a group may be sent a call.
func (h *Health) Available(now time.Time, g Group) bool {
	w := &h.groups[g]
	for i := range w.peers {
		if w.usable(now, &w.peers[i]) {
			return true
		}
	}
	return false
}

func (w *watched) usable(now time.Time, c *condition) bool {
	if now.Before(c.until) {
		return false
	}
	return !c.down || !w.Probed()
}

// Answered takes note that a peer has answered a call at all.
func (h *Health) Answered(_ time.Time, id PeerID) Change {
	w, c := h.at(id)
	c.answers++
	if c.down && w.Probed() {
		return Unchanged // an earlier call's: it is the probes that bring it back
	}
	return w.good(c)
}

// Answers returns how many calls a peer has answered at all: whether it grows
// tells one that loses a call from one that is not there.
func (h *Health) Answers(id PeerID) uint64 {
	_, c := h.at(id)
	return c.answers
}

// Missed takes note that a peer has answered a call with nothing, or could not
// be reached.
func (h *Health) Missed(now time.Time, id PeerID) Change {
	w, c := h.at(id)
	return h.bad(now, w, c)
}

// Probed takes note of the answer to an OPTIONS: its final status, or zero for
// none. An answer of whatever kind is one, but for those of an ill server.
func (h *Health) Probed(now time.Time, id PeerID, status int) Change {
	w, c := h.at(id)
	if status == 0 || Ill(status) {
		c.asked[0]++
		return h.bad(now, w, c)
	}
	c.asked[1]++
	return w.good(c)
}

// Ill reports the final statuses that say that a server itself is not well,
// whatever it was asked.
func Ill(status int) bool {
	switch status {
	case 408, 500, 502, 503, 504:
		return true
	}
	return false
}

// Pause keeps calls from a peer as long as its 503 asks for: "The client SHOULD
// NOT forward any other requests to that server for the duration specified in
// the Retry-After header field, if present" (RFC 3261 §21.5.4). Up to a quarter
// is added, so that not all who were told the same come back at once.
func (h *Health) Pause(now time.Time, id PeerID, d time.Duration) Change {
	_, c := h.at(id)
	until := now.Add(h.jittered(min(d, longestPause)))
	if d <= 0 || !until.After(c.until) {
		return Unchanged
	}
	fresh := !now.Before(c.until)
	c.until = until
	if fresh {
		return Paused
	}
	return Unchanged
}

// Calm reports that nothing is held against any peer, so that Order names all
// and Answered only counts.
func (h *Health) Calm(now time.Time) bool {
	for i := range h.groups {
		for _, c := range h.groups[i].peers {
			if c.down || c.bad > 0 || now.Before(c.until) {
				return false
			}
		}
	}
	return true
}

func (h *Health) at(id PeerID) (*watched, *condition) {
	w := &h.groups[id.Group]
	return w, &w.peers[id.Place]
}

func (w *watched) good(c *condition) Change {
	c.bad = 0
	if !c.down {
		return Unchanged
	}
	if c.good++; c.good < w.UpAfter && w.Probed() {
		return Unchanged
	}
	c.down, c.good, c.until = false, 0, time.Time{}
	return CameUp
}

func (h *Health) bad(now time.Time, w *watched, c *condition) Change {
	c.good = 0
	c.bad++
	if c.bad < w.DownAfter {
		return Unchanged
	}
	if !w.Probed() {
		c.until = now.Add(h.jittered(w.Rest))
	}
	if c.down {
		return Unchanged
	}
	c.down = true
	return WentDown
}

// jittered adds up to a quarter.
func (h *Health) jittered(d time.Duration) time.Duration {
	if d < 4 {
		return d
	}
	return d + time.Duration(h.random.Uint64()%uint64(d/4))
}

// State is what is known of one peer, for operators.
type State struct {
	Group string
	Peer  flow.Flow
	Up    bool
	// Paused is how long calls are still kept from it, whatever Up says.
	Paused time.Duration
	// Misses in a row.
	Misses int
	// Answered and Unanswered count probes.
	Answered, Unanswered uint64
}

// States returns what is known of every peer, groups and peers in their order.
func (h *Health) States(now time.Time) []State {
	var list []State
	for i := range h.groups {
		w := &h.groups[i]
		for j, c := range w.peers {
			list = append(list, State{
				Group: w.Name, Peer: w.To[j], Up: !c.down, Paused: max(0, c.until.Sub(now)), Misses: c.bad,
				Answered: c.asked[1], Unanswered: c.asked[0],
			})
		}
	}
	return list
}
