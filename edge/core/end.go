package core

import (
	"slices"
	"strings"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/ua"
)

// refuse ends a leg that never became a call.
func refuse(l leg.ID, why cause.Cause, out []ua.Action) []ua.Action {
	return append(out, ua.Command{Leg: l, Command: leg.HangUp{Cause: why}})
}

// finish ends a call: endpoints are given back, and whoever is still there is
// told why.
func (s *step) finish(k *call, h leg.HangUp) {
	if k.Stage == over {
		return
	}
	s.enter(k, over)
	k.Ended = s.now
	s.set(k, lingering, lingers)
	for _, r := range k.rings() {
		k.promote(r) // the first that has none
	}
	s.unfork(k)
	there := slices.DeleteFunc(slices.Clone(k.Parties), func(p *party) bool { return p.Role == leaving })
	for _, p := range there {
		s.leave(k, p)
	}
	for _, p := range there {
		if !p.Ended {
			s.tell(p, h)
		}
		if p.Endpoint.none() && p.Leg != k.ID {
			s.part(k, p)
		}
	}
}

// partedWith is what the others are told when a party has ended.
func partedWith(ev leg.Ended) leg.HangUp {
	return leg.HangUp{Cause: onward(ev.Cause), Headers: sipReasons(ev.Message)}
}

// onward is why one party ended, as another one is told.
func onward(why cause.Cause) cause.Cause { return cause.Cause{Q850: why.Q850, Text: why.Text} }

// answer is B's failure as A is told: B's own reason, under a status that
// means the same to A (SPEC §4). A 6xx would end all of a forking caller's
// branches, a redirection or a challenge was for us, and 408, 481 and 487
// speak of a transaction that A does not know.
func answer(why cause.Cause) cause.Cause {
	told := cause.Cause{Status: why.Status, Q850: why.Q850, Text: why.Text}
	switch why.Status {
	case 600, 603:
		told.Status = 486
	case 604:
		told.Status = 404
	case 606:
		told.Status = 488
	case 401, 407:
		told.Status = 403
	case 408, 481, 487:
		told.Status = 480
	default:
		if why.Status < 400 || why.Status > 599 {
			told.Status = 480
		}
	}
	if told.Q850 == 0 {
		told.Q850 = cause.FromStatus(told.Status)
	}
	return told
}

// sipReasons are the reasons of a CANCEL or BYE beside Q.850 that the other
// party wants to know: that the call was completed elsewhere (RFC 3326 §2).
func sipReasons(m sip.Message) []sip.Header {
	r, ok := m.(*sip.Request)
	if !ok {
		return nil
	}
	var out []sip.Header
	reasons, _ := header.Reasons(r)
	for _, reason := range reasons {
		if strings.EqualFold(reason.Protocol, "SIP") {
			out = append(out, sip.NewHeader("Reason", reason.String()))
		}
	}
	return out
}
