package leg

import (
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/token"
)

// Naming is what a Replaces header finds (RFC 3891 §3).
type Naming uint8

// The findings.
const (
	NotNamed       Naming = iota // another dialog, or none
	NamedEarly                   // an early dialog of ours as UAC
	NamedArrived                 // an early dialog of ours as UAS: none to take over
	NamedConfirmed               // the call
	NamedOver                    // the call, which has ended
)

// Named matches a Replaces header: "exactly match the Call-ID, to-tag and
// from-tag" of a dialog (RFC 3891 §3).
func (l *Leg) Named(r header.Replaces) Naming {
	if r.ToTag != string(l.local) {
		return NotNamed
	}
	if l.dialog.CallID != "" {
		switch {
		case l.dialog.CallID != r.CallID || l.dialog.RemoteTag != token.Tag(r.FromTag):
			return NotNamed
		case l.told:
			return NamedOver
		case l.state == Arrived:
			return NamedArrived
		}
		return NamedConfirmed
	}
	for i := range l.early {
		if d := &l.early[i].dialog; d.CallID == r.CallID && d.RemoteTag == token.Tag(r.FromTag) {
			return NamedEarly
		}
	}
	return NotNamed
}
