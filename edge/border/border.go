package border

import (
	"net/netip"
	"slices"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/callid"
	"sekisho/edge/sip/deadline"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/token"
	"sekisho/edge/sip/ua"
	"sekisho/edge/trunk"
	"sekisho/media/ebb"
	"sekisho/media/relay"
	"sekisho/policy"
	"sekisho/policy/profile"
)

// Ports leases RTP/RTCP pairs that are already bound.
type Ports interface {
	// Lease fills all of pairs from one media worker, or none and returns
	// false. Pair i has an address of the family of toward[i] where we have
	// one. A relay.Release gives a pair back.
	Lease(pairs []relay.Pair, toward []netip.Addr) bool
}

// Limits admits calls. Every admitted call is returned by its name once.
type Limits interface {
	// Admit takes a place for a call of a trunk and a tenant, or says which
	// limit is reached.
	Admit(now time.Time, call uint64, on policy.TrunkID, tenant policy.TenantID) policy.Reason
	// Leave gives the place back; it may be called for a call that has none.
	Leave(call uint64)
}

// Config is what a border works with. It is read-only.
type Config struct {
	Tables *policy.Tables
	// Trunks by policy.TrunkID.
	Trunks []trunk.Trunk
	// Core is the other side.
	Core Core
	// CoreDrains says that it is drained together with the border, and lets no
	// call begin by itself then.
	CoreDrains bool
	// Neighbours tell who is behind a flow: a trunk by its number, or CorePeer.
	Neighbours *trunk.Neighbours[ua.Peer]
	// Hosts are what we write as our own address, by flow.Listener.
	Hosts []leg.Host

	Source token.Source
	Key    callid.Key
	Legs   *ua.Sequence
	Ports  Ports
	Limits Limits
	// Health is shared by all shards; nil is the border's own.
	Health Health

	// Setup bounds the time from INVITE to answer; zero is 180 s.
	Setup time.Duration
	// Ring bounds the time from the first ringing to the answer; zero leaves it
	// to Setup. Call bounds the time from the answer to the end; zero is a day.
	Ring, Call time.Duration
	// Silence is how long a party that is not held may send nothing; zero is
	// 60 s.
	Silence time.Duration
	// CoreAnswers bounds the time until any of the core's peers has sent
	// anything at all;
	// zero is 1.7 s: two retransmissions have gone unanswered by then, and the
	// announcement still begins within 2 s.
	CoreAnswers time.Duration
	// Announcement caps what is played to a refused caller; zero is 35 s.
	Announcement time.Duration
}

// Core is the core's trunk: the seam.
type Core struct {
	// To is where it listens, in failover order.
	To []flow.Flow
	// Options is how its peers are asked whether they are well.
	Options profile.Options
	// MediaPrefixes bound where its RTP may come from and go to.
	MediaPrefixes []netip.Prefix
	Caps          sdp.Caps
}

// CorePeer is the core among the border's peers; a trunk's peer is its
// policy.TrunkID.
const CorePeer ua.Peer = -1

// Border is one shard's calls.
type Border struct {
	cfg    Config
	calls  map[uint64]*call
	legs   map[leg.ID]*party
	slots  map[relay.Slot]*party
	most   struct{ calls, legs, slots ebb.Mark }
	timers deadline.Heap[uint64]
	last   uint64
	steps  []policy.Step
	counts Counts
	probes probes
	// draining is of the instance, not of its calls.
	draining bool
	// coreRules are the seam's.
	coreRules profile.Failover
	// methods are those of each trunk's terms, coreMethods the seam's.
	methods     [][]sip.RequestMethod
	coreMethods []sip.RequestMethod
	// secure is how each trunk's media is keyed.
	secure []sdp.Secure
	// media is what is known of each neighbour's media: the core's, then each
	// trunk's.
	media []medium
	// trunksUp and order are scratch.
	trunksUp []bool
	order    []int
}

// Counts is what a border has decided and holds.
type Counts struct {
	Calls int
	// Attempts, Answered and Refused count calls since the start; Refused is
	// indexed by policy.Reason.
	Attempts, Answered uint64
	Refused            [64]uint64
	// Keys counts key presses told by INFO.
	Keys uint64
	// OneWay counts one-way audio by who was not heard: the trunks by their
	// number, and the core behind them.
	OneWay []uint64
	// StarPairs counts the pairs of * that were swallowed, once their leg has ended, by
	// the trunk of whoever pressed them, in the same places.
	StarPairs []uint64
	// Voicemail counts calls that a mobile's voicemail seems to have taken, by
	// the trunk, in the same places.
	Voicemail []uint64
}

// New returns a border without calls.
func New(c Config) *Border {
	if c.Setup == 0 {
		c.Setup = 180 * time.Second
	}
	if c.Call == 0 {
		c.Call = 24 * time.Hour
	}
	if c.Silence == 0 {
		c.Silence = time.Minute
	}
	if c.CoreAnswers == 0 {
		c.CoreAnswers = 1700 * time.Millisecond
	}
	if c.Announcement == 0 {
		c.Announcement = 35 * time.Second
	}
	if c.Health == nil {
		c.Health = trunk.NewHealth(c.Source, Watches(c.Trunks, c.Core))
	}
	b := &Border{
		cfg: c,
		// What a PBX's own failures are; a busy or missing extension is none.
		coreRules: profile.Failover{On: []int{500, 502, 503, 504}},
		calls:     make(map[uint64]*call),
		legs:      make(map[leg.ID]*party),
		slots:     make(map[relay.Slot]*party),
		counts:    Counts{OneWay: make([]uint64, len(c.Trunks)+1), Voicemail: make([]uint64, len(c.Trunks)+1), StarPairs: make([]uint64, len(c.Trunks)+1)},
	}
	var all []*profile.SIP
	for i := range c.Trunks {
		p := &c.Trunks[i].Profile.SIP
		all = append(all, p)
		b.methods = append(b.methods, methods(p))
		b.secure = append(b.secure, c.Trunks[i].Secure())
	}
	b.coreMethods = methods(all...)
	b.media = mediums(&c)
	return b
}

// Reload takes another directory into force, for the calls to come and for what
// is yet to be decided about those that live. Trunks are the same and every
// tenant keeps its place (config.Reload), since calls name them by it.
func (b *Border) Reload(t *policy.Tables) { b.cfg.Tables = t }

// Peer says who is behind a flow, for the shard's ua.Config.
func (b *Border) Peer(f flow.Flow) (ua.Peer, bool) { return b.cfg.Neighbours.Identify(f) }

// Counts returns what the border holds and has decided.
func (b *Border) Counts() Counts {
	c := b.counts
	c.Calls, c.OneWay, c.Voicemail, c.StarPairs = len(b.calls), slices.Clone(c.OneWay), slices.Clone(c.Voicemail), slices.Clone(c.StarPairs)
	return c
}

// Handle takes what the shard tells the application.
func (b *Border) Handle(now time.Time, in ua.Input, out []ua.Action) []ua.Action {
	switch in := in.(type) {
	case ua.Incoming:
		return b.incoming(now, in, out)
	case ua.LegEvent:
		if p := b.legs[in.Leg]; p != nil {
			return b.legEvent(now, p, in.Event, out)
		}
	case ua.MediaEvent:
		return b.mediaEvent(now, in.Event, out)
	case ua.Replied:
		return b.replied(now, in, out)
	case ua.Tick:
		return b.tick(now, b.probe(now, out))
	}
	return out
}

// Deadline returns when a Tick is due.
func (b *Border) Deadline() time.Time {
	return deadline.Earliest(b.timers.Next(), b.probes.timers.Next())
}

func (b *Border) tick(now time.Time, out []ua.Action) []ua.Action {
	for {
		id, ok := b.timers.Pop(now)
		if !ok {
			return out
		}
		if c := b.calls[id]; c != nil {
			out = b.timeout(now, c, out)
		}
	}
}

// mediaEvent sorts what the media plane reports to the call it concerns.
func (b *Border) mediaEvent(now time.Time, ev relay.Event, out []ua.Action) []ua.Action {
	switch told := ev; ev := ev.(type) {
	case relay.Played:
		if p := b.slots[ev.Slot]; p != nil {
			return b.played(p.call, out)
		}
	case relay.Pressed:
		if p := b.slots[ev.Slot]; p != nil {
			return b.keyed(p, ev, out)
		}
	case relay.Silent:
		if p := b.slots[ev.Slot]; p != nil {
			return b.silent(p, out)
		}
	case relay.OneWay:
		if p := b.slots[ev.Slot]; p != nil {
			return b.oneWay(p, out)
		}
	case relay.Released:
		if p := b.slots[ev.Slot]; p != nil {
			ebb.Delete(&b.slots, &b.most.slots, ev.Slot)
			p.last, p.released = told, true
			b.counts.StarPairs[b.ordinal(p)] += uint64(ev.Stats.StarPairs)
			return b.conclude(now, p.call, out)
		}
	case relay.Digit, relay.Latched, relay.Failed, relay.Keyed, relay.Unkeyed: // no trunk has DTLS
	}
	return out
}
