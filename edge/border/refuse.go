package border

import (
	"net/netip"
	"strconv"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/ua"
	"sekisho/media/relay"
	"sekisho/policy"
	"sekisho/policy/profile"
)

// refuse ends an attempt by policy: with the announcement the reason asks for
// where the caller is a trunk's, else with the code alone.
func (b *Border) refuse(now time.Time, c *call, reason policy.Reason, out []ua.Action) []ua.Action {
	b.counts.Refused[reason]++
	c.reason, c.refusal = reason, reason.Refusal()
	if reason.Exempt() {
		// No alarm storm: a note with the number, so that somebody can see that
		// an emergency caller was sent away.
		out = append(out, ua.Note{Level: ua.Warn, Message: "emergency number refused", Fields: []string{
			"call", c.name, "reason", reason.String(), "called", c.called.String(), "caller", c.caller.String(),
		}})
	}
	return b.play(now, c, out)
}

// play begins the announcement of c.refusal, or answers at once.
func (b *Border) play(now time.Time, c *call, out []ua.Action) []ua.Action {
	how := profile.AnnounceNone
	if c.a.peer != CorePeer && len(c.refusal.Announcement.Keys) > 0 {
		how = b.cfg.Trunks[c.a.peer].Profile.SIP.Announce
	}
	if how == profile.AnnounceNone || (how == profile.AnnounceEarly && !c.early) {
		// An INVITE without description cannot be given early media that is
		// not reliable: it gets the code (R60c).
		return b.sendRefusal(c, out)
	}
	if !c.a.leased {
		var pair [1]relay.Pair
		if !b.cfg.Ports.Lease(pair[:], []netip.Addr{heardAt(c.offer, c.a.flow)}) {
			return b.sendRefusal(c, out)
		}
		b.lease(&c.a, pair[0])
	}
	c.phase, c.answerBy, c.setupBy = refusing, time.Time{}, now.Add(b.cfg.Announcement)
	b.arm(c)
	media := &leg.Media{Addr: c.a.pair.Addr, Caps: c.a.media.caps}
	if how == profile.AnnounceAnswer {
		c.unbilled, c.answered = true, now
		return append(out, ua.Command{Leg: c.a.leg, Command: leg.Answer{Media: media, Reasons: b.telling(c.a.peer)}})
	}
	ring := leg.Ring{Status: 183, Media: media, Reliable: true}
	if b.profileOf(c.a.peer, profile.EarlyPEM) {
		// From the sender's view (RFC 5009 §8): we send, the caller listens.
		ring.Headers = append(ring.Headers, sip.NewHeader("P-Early-Media", "sendonly"))
	}
	return append(out, ua.Command{Leg: c.a.leg, Command: ring})
}

// announce starts the player, once the session toward the caller is known.
func (b *Border) announce(c *call, out []ua.Action) []ua.Action {
	said := c.refusal.Announcement
	return append(out, ua.Media{Command: relay.Play{
		Slot: c.a.pair.Slot, Source: relay.Source{Keys: said.Keys, Repeat: said.Repeat}, Token: c.id,
	}})
}

// played is the end of the announcement.
func (b *Border) played(c *call, out []ua.Action) []ua.Action {
	if c.phase != refusing || !c.a.live() {
		return out
	}
	return b.sendRefusal(c, out)
}

// sendRefusal sends the final response, or BYE where the call was answered for
// the announcement.
func (b *Border) sendRefusal(c *call, out []ua.Action) []ua.Action {
	var headers []sip.Header
	if s := c.refusal.RetryAfter; s > 0 {
		headers = append(headers, sip.NewHeader("Retry-After", strconv.Itoa(s)))
	}
	c.setupBy = time.Time{}
	b.arm(c)
	why := cause.Cause{Status: c.refusal.Status, Q850: cause.Q850(c.refusal.Cause), Text: c.refusal.Text}
	return b.hangUp(&c.a, why, out, headers...)
}
