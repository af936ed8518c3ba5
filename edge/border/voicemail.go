package border

import (
	"time"

	"sekisho/edge/sip/ua"
	"sekisho/policy"
)

// What an answering machine looks like from here (SPEC R73): it picks up when
// the carrier's own time has run out, and whoever hears it hangs up at once.
const (
	machineAfter = 15 * time.Second
	machineUntil = 20 * time.Second
	machineTalk  = 2 * time.Second
)

// unrung hints at voicemail: a mobile has answered without ever having rung, as
// one does that is switched off and whose carrier answers for it.
func (b *Border) unrung(c *call, out []ua.Action) []ua.Action {
	if !c.towardMobile() || !c.ringing.IsZero() {
		return out
	}
	return b.suspect(c, "answered without ringing", out)
}

// cutShort hints at voicemail: a mobile has answered when a machine does, and
// there was nobody to talk with.
func (b *Border) cutShort(c *call, out []ua.Action) []ua.Action {
	if !c.towardMobile() || c.answered.IsZero() || c.ended.Sub(c.answered) >= machineTalk {
		return out
	}
	if rang := c.answered.Sub(c.ringing); rang < machineAfter || rang > machineUntil {
		return out
	}
	return b.suspect(c, "answered when a machine does, and not talked with", out)
}

// towardMobile reports whether leg B is, and has always been, a tenant's mobile.
func (c *call) towardMobile() bool {
	return c.kind == policy.Mobile && c.b.exists() && c.b.peer != CorePeer && len(c.former) == 0
}

// suspect counts a call that voicemail may have taken. It changes nothing: the
// checklist is where voicemail is switched off.
func (b *Border) suspect(c *call, why string, out []ua.Action) []ua.Action {
	b.counts.Voicemail[b.ordinal(&c.b)]++
	return append(out, ua.Note{
		Level: ua.Info, Message: "suspected voicemail", Fields: []string{"call", c.name, "trunk", b.trunkName(&c.b), "cause", why},
	})
}
