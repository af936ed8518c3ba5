package border

import (
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/ua"
	"sekisho/edge/trunk"
	"sekisho/policy"
	"sekisho/policy/number"
	"sekisho/policy/profile"
)

// Health is what all shards know of the peers that calls are sent to. Groups
// are trunks by their policy.TrunkID; the core's stands behind the last.
type Health interface {
	Order(now time.Time, g trunk.Group, out []int) []int
	Available(now time.Time, g trunk.Group) bool
	Answered(now time.Time, id trunk.PeerID) trunk.Change
	Answers(id trunk.PeerID) uint64
	Missed(now time.Time, id trunk.PeerID) trunk.Change
	Probed(now time.Time, id trunk.PeerID, status int) trunk.Change
	Pause(now time.Time, id trunk.PeerID, d time.Duration) trunk.Change
}

// What a peer that is not probed rests once it is down, before a call is tried
// there again. The core's callers are told something whatever it does, so that
// a try costs them little.
const (
	trunkRest = 30 * time.Second
	coreRest  = 5 * time.Second
)

// Watches are the groups of peers of a border, as Health counts them.
func Watches(trunks []trunk.Trunk, core Core) []trunk.Watch {
	list := make([]trunk.Watch, 0, len(trunks)+1)
	for i := range trunks {
		o := trunks[i].Profile.SIP.Options
		list = append(list, trunk.Watch{
			Name: trunks[i].Name, To: trunks[i].To, DownAfter: o.DownAfter, UpAfter: o.UpAfter, Interval: o.Interval, Rest: trunkRest,
		})
	}
	o := core.Options
	return append(list, trunk.Watch{
		Name: "core", To: core.To, DownAfter: o.DownAfter, UpAfter: o.UpAfter, Interval: o.Interval, Rest: coreRest,
	})
}

// route is where leg B may be sent, until one peer has taken the call.
type route struct {
	// to is the peer that is tried, left are the places of the group behind it.
	to   trunk.PeerID
	left []int
	// until is when no further attempt may begin.
	until time.Time
	// dial is the INVITE of the seam; toward a carrier it is written for each
	// peer from the presentation, which each trunk has of its own.
	dial         leg.Dial
	request      *sip.Request
	hops         int
	asked        policy.Outbound
	presentation policy.Presentation
	// tried are the trunks that have had their turn.
	tried []trunk.Group
}

// seam is the core's group of peers.
func (b *Border) seam() trunk.Group { return trunk.Group(len(b.cfg.Trunks)) }

func (b *Border) flowOf(id trunk.PeerID) flow.Flow {
	if id.Group == b.seam() {
		return b.cfg.Core.To[id.Place]
	}
	return b.cfg.Trunks[id.Group].To[id.Place]
}

func (b *Border) peerOf(g trunk.Group) ua.Peer {
	if g == b.seam() {
		return CorePeer
	}
	return ua.Peer(g)
}

// available says per trunk whether a call may be sent there, or nil where every
// one is up and none was tried.
func (b *Border) available(now time.Time, tried []trunk.Group) []bool {
	list := b.trunksUp[:0]
	all := true
	for i := range b.cfg.Trunks {
		up := b.cfg.Health.Available(now, trunk.Group(i))
		for _, g := range tried {
			up = up && g != trunk.Group(i)
		}
		list = append(list, up)
		all = all && up
	}
	b.trunksUp = list
	if all {
		return nil
	}
	return list
}

// present asks policy over which trunk the core's call goes. An emergency call
// is tried whatever is held against a peer: nothing is lost by it.
func (b *Border) present(now time.Time, o policy.Outbound, tried []trunk.Group) policy.Presentation {
	o.Available, o.Steps = b.available(now, tried), b.steps
	p := b.cfg.Tables.Present(o)
	if p.Reason == policy.NoTrunkAvailable && p.Called.Class() == number.Emergency && len(tried) == 0 {
		o.Available, o.Steps = nil, p.Steps
		p = b.cfg.Tables.Present(o)
	}
	b.steps = p.Steps
	return p
}

// open chooses the first peer of a group; false where none may be tried.
func (b *Border) open(now time.Time, c *call, r *route, g trunk.Group) bool {
	b.order = b.cfg.Health.Order(now, g, b.order[:0])
	if len(b.order) == 0 && c.called.Class() == number.Emergency && g != b.seam() {
		for i := range b.cfg.Trunks[g].To {
			b.order = append(b.order, i)
		}
	}
	if len(b.order) == 0 {
		return false
	}
	r.to, r.left = trunk.PeerID{Group: g, Place: b.order[0]}, nil
	if len(b.order) > 1 {
		r.left = append(r.left, b.order[1:]...)
	}
	return true
}

// invite writes the INVITE for the peer whose turn it is.
func (b *Border) invite(c *call, r *route) leg.Dial {
	to := b.flowOf(r.to)
	if r.to.Group == b.seam() {
		d := r.dial
		d.Flow = to
		return d
	}
	p := &r.presentation
	rules := b.cfg.Trunks[r.to.Group].Profile
	w := b.writerFor(p, to)
	target := w.target()
	return leg.Dial{
		Flow: to, Target: target, From: w.from(), To: "<" + target + ">", MaxForwards: r.hops,
		Headers: append(w.headers(), c.outward(r.request, rules)...),
	}
}

// writerFor writes a presentation for a peer of its trunk.
func (b *Border) writerFor(p *policy.Presentation, to flow.Flow) writer {
	return writer{presentation: p, profile: b.cfg.Trunks[p.Trunk].Profile, own: hostPort(b.cfg.Hosts[to.Listener]), peer: to.Remote.String()}
}

// patience is when a peer must have answered something. What is left of the
// core's time is shared by those of its peers that are left.
func (b *Border) patience(now time.Time, r *route) time.Time {
	if r.to.Group == b.seam() {
		return now.Add(r.until.Sub(now) / time.Duration(1+len(r.left)))
	}
	return now.Add(b.rules(r).Answer)
}

func (b *Border) rules(r *route) *profile.Failover {
	if r.to.Group == b.seam() {
		return &b.coreRules
	}
	return &b.cfg.Trunks[r.to.Group].Profile.SIP.Failover
}

// turn sets the next peer, or the first of the next trunk.
func (b *Border) turn(now time.Time, c *call) bool {
	r := c.route
	if len(r.left) > 0 {
		r.to.Place, r.left = r.left[0], r.left[1:]
		return true
	}
	if r.to.Group == b.seam() {
		return false
	}
	for {
		r.tried = append(r.tried, r.to.Group)
		p := b.present(now, r.asked, r.tried)
		if p.Outcome != policy.Route {
			return false
		}
		next := *r
		if !b.open(now, c, &next, trunk.Group(p.Trunk)) || !b.moveInto(now, c, p.Trunk) {
			r.to.Group = trunk.Group(p.Trunk)
			continue
		}
		next.presentation = p
		*r = next
		b.adopt(c, &p)
		return true
	}
}

// moveInto gives the place on the trunk that failed back for one on the next: a
// call holds one at a time.
func (b *Border) moveInto(now time.Time, c *call, on policy.TrunkID) bool {
	if b.cfg.Limits == nil || c.called.Class() == number.Emergency {
		return true
	}
	b.cfg.Limits.Leave(c.place)
	return b.cfg.Limits.Admit(now, c.place, on, c.tenant) == policy.NoReason
}
