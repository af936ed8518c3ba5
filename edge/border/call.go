package border

import (
	"github.com/emiago/sipgo/sip"

	"net/netip"
	"strings"
	"time"

	"sekisho/edge/cdr"
	"sekisho/edge/sip/callid"
	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/deadline"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/ua"
	"sekisho/edge/trunk"
	"sekisho/media/relay"
	"sekisho/policy"
	"sekisho/policy/number"
	"sekisho/policy/profile"
)

// phase is how far a call has come.
type phase uint8

const (
	// dialling: leg B has been sent, nothing is heard of it.
	dialling phase = iota
	// proceeding: leg B has answered with something provisional.
	proceeding
	// talking: leg A was answered.
	talking
	// refusing: an announcement is heard before the refusal.
	refusing
	// ending: each leg has ended or been told to.
	ending
)

// call is two parties and what was decided about them.
type call struct {
	id    uint64
	name  string // the record's ID
	phase phase
	// unbilled marks a call answered only for an announcement (R60c).
	unbilled bool
	// earlyFromB says that the caller has heard B's early media, so that no
	// announcement of ours follows.
	earlyFromB bool
	joined     bool
	// discreet says that nothing toward B may tell who calls: the number is
	// masked or withheld there.
	discreet bool
	// acked says that A has acknowledged its answer: before, that may wait in the
	// leg for a PRACK (RFC 3262 §3).
	acked bool
	// bucket is that of the INVITE that began the call: every leg of ours is made in
	// it, whoever has taken A's place since.
	bucket callid.Bucket
	a, b   party

	tenant    policy.TenantID
	kind      policy.Kind
	caller    number.Number
	called    number.Number
	shown     string
	sessionID string
	// offer is what the INVITE brought, until leg B is answered; offered says
	// that it brought one, early that the caller can be heard and hear before it
	// is answered: it made an offer, or acknowledges one in a 18x (RFC 3262 §5).
	offer          *sdp.Description
	offered, early bool
	// passes counts this time too.
	passes header.Passes

	start, ringing, answered, ended time.Time
	// setupBy ends the call unless it is answered, answerBy an attempt of which
	// nothing is heard.
	setupBy, answerBy time.Time
	// ringBy ends it when it has rung for long enough, talkBy when it has lasted
	// as long as it may.
	ringBy, talkBy time.Time

	// route is where leg B may go yet, until it is answered; attempts are those
	// that failed before it.
	route    *route
	attempts []cdr.Attempt
	// followed are the numbers that redirections led to.
	followed []number.Number

	// refusal is what the caller gets in the end, once refusing.
	refusal policy.Refusal
	reason  policy.Reason
	// recast is a change between audio and T.38 under way.
	recast *recast
	// transfer is the REFER being carried out, refers counts those accepted, and
	// former are the parties that were replaced.
	transfer *transfer
	refers   int
	former   []*party
	// place is what the call is admitted by.
	place uint64
	// asks names the requests passed on inside the dialogs.
	asks uint64
}

// party is one leg with its endpoint.
type party struct {
	call *call
	leg  leg.ID
	peer ua.Peer
	flow flow.Flow
	// to is whom leg B was sent to, and since when; heard says that it has
	// answered anything, missed that it is held against it that it has not.
	to            trunk.PeerID
	since         time.Time
	heard, missed bool
	// answers is how many calls that peer had answered by then.
	answers uint64
	// callID is the leg's.
	callID string

	pair relay.Pair
	// leased says that pair is ours; released that its statistics have come, with
	// the last that its endpoint tells: a relay.Released, as it came.
	leased, released bool
	// signalled says that the other party is told this one's keys by INFO, watched
	// that the media plane tells when this one falls silent.
	signalled, watched bool
	// former says that another leg has taken its place; referred that it came by a
	// transfer: what it is to policy is not known. ended says that the leg is over.
	former, referred, ended bool
	last                    relay.Event
	media                   *medium
	negotiated              *sdp.Negotiated
	hold                    holding
	// relayed are the requests that the party is asked for the other one.
	relayed []relayed
	// refers are the REFERs that it has accepted of the other one's, firstRefer is
	// the number of the first it has sent itself.
	refers     []subscribed
	firstRefer uint32
	// cause is why the leg is over, once ended.
	cause cause.Cause
	// said are the reasons that this party gave at its end.
	said []header.Reason
	// left is what passes to the other party of what this one said then.
	left []sip.Header
}

// medium is what is known of a neighbour's media. It is shared and read-only.
type medium struct {
	// caps is what we may say at all, offers what may stand in an offer.
	caps     sdp.Caps
	offers   sdp.Caps
	prefixes []netip.Prefix
	learning relay.Learning
	tos      uint8
	hold     profile.Hold
	// keys is what the trunk's profile says of digits.
	keys profile.DTMF
}

// other returns the party at the other end.
func (p *party) other() *party {
	if p == &p.call.a {
		return &p.call.b
	}
	return &p.call.a
}

// exists reports whether the leg was ever made.
func (p *party) exists() bool { return p.leg != 0 }

// live reports whether the leg still stands.
func (p *party) live() bool { return p.exists() && !p.ended }

// begin makes the call of a new leg A.
func (b *Border) begin(now time.Time, in ua.Incoming) *call {
	b.last++
	b.counts.Attempts++
	c := &call{id: b.last, bucket: b.cfg.Key.OfString(in.Request.CallID().Value()), start: now, tenant: policy.NoTenant, offer: in.Offer, offered: in.Offer != nil, early: in.Offer != nil || in.Reliable}
	c.place = c.id
	c.a = party{call: c, leg: in.Leg, peer: in.Peer, flow: in.Flow, callID: strings.Clone(in.Request.CallID().Value()), media: b.medium(in.Peer)}
	c.b = party{call: c}
	c.name = b.newName()
	b.calls[c.id], b.legs[in.Leg] = c, &c.a
	return c
}

// medium looks up what we know of a neighbour's media.
func (b *Border) medium(peer ua.Peer) *medium { return &b.media[peer-CorePeer] }

// mediums gathers it for CorePeer and the peers behind it.
func mediums(c *Config) []medium {
	all := []medium{{caps: c.Core.Caps, offers: c.Core.Caps, prefixes: c.Core.MediaPrefixes, learning: relay.LearnPrefix, hold: profile.HoldRelay}}
	for i := range c.Trunks {
		t := &c.Trunks[i]
		all = append(all, medium{
			caps: t.Caps(), offers: t.Offers(), prefixes: t.MediaPrefixes, learning: relay.LearnPrefix,
			tos: uint8(t.Profile.Media.DSCP.RTP << 2), hold: t.Profile.SIP.Hold,
			keys: t.Profile.DTMF,
		})
	}
	return all
}

// arm sets the call's next deadline.
func (b *Border) arm(c *call) {
	at := deadline.Earliest(c.setupBy, c.answerBy)
	switch c.phase {
	case dialling, proceeding:
		at = deadline.Earliest(at, c.ringBy)
	case talking:
		if c.transfer != nil {
			at = deadline.Earliest(at, c.transfer.until)
		}
		at = deadline.Earliest(at, deadline.Earliest(c.talkBy, deadline.Earliest(c.a.hold.retryAt, c.b.hold.retryAt)))
	case refusing, ending:
	}
	b.timers.Set(c.id, at)
}
