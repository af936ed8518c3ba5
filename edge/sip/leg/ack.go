package leg

import (
	"bytes"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/dialog"
	"sekisho/edge/sip/flow"
)

// ack sends the ACK for a 2xx and keeps it for the next copy of that 2xx.
func (l *Leg) ack(d *dialog.Dialog, seq uint32, content []byte, out []Action) []Action {
	r, err := d.Ack(seq)
	if err != nil {
		return out // no URI to send it to: the peer gives up by itself
	}
	f := l.env.Resolve(d.NextHop(), l.flow)
	l.address(r, f)
	body(r, content)
	if len(l.acks) == maxBranches {
		l.acks = l.acks[:copy(l.acks, l.acks[1:])]
	}
	var text bytes.Buffer
	text.Grow(ackSize)
	r.StringWrite(&text)
	sent := sentAck{seq: seq, remote: d.RemoteTag, flow: f, data: text.Bytes()}
	l.acks = append(l.acks, sent)
	return append(out, Once{Flow: f, Data: sent.data})
}

// ackSize is more than an ACK without a body is long, in bytes.
const ackSize = 640

// ackOf returns the ACK sent for a 2xx, or nil.
func (l *Leg) ackOf(r *sip.Response) *sentAck {
	seq, remote := r.CSeq().SeqNo, tagOf(r)
	for i := range l.acks {
		if a := &l.acks[i]; a.seq == seq && a.remote == remote {
			return a
		}
	}
	return nil
}

func (l *Leg) repeatAck(r *sip.Response, out []Action) []Action {
	if r.StatusCode < 200 || r.StatusCode > 299 || r.CSeq().MethodName != sip.INVITE {
		return out
	}
	if a := l.ackOf(r); a != nil {
		return append(out, Once{Flow: a.flow, Data: a.data})
	}
	return out
}

// stray is a 2xx whose INVITE transaction is gone, as the last copy of one may
// be: its ACK is repeated when it is this call's, since the peer did not get
// it; the dialog of another branch is ended.
func (l *Leg) stray(r *sip.Response, out []Action) []Action {
	if tagOf(r) == l.dialog.RemoteTag {
		return l.repeatAck(r, out)
	}
	return l.dropBranch(r, out)
}

// dropBranch ends the dialog of a 2xx that came too late: ACK, then BYE.
func (l *Leg) dropBranch(r *sip.Response, out []Action) []Action {
	if l.ackOf(r) != nil {
		return l.repeatAck(r, out)
	}
	d, err := dialog.FromResponse(r, l.target)
	if err != nil {
		return out
	}
	out = l.ack(&d, r.CSeq().SeqNo, nil, out)
	bye, err := d.Request(sip.BYE)
	if err != nil {
		return out
	}
	body(bye, nil)
	return l.inDialog(l.env.Resolve(d.NextHop(), l.flow), bye, forFork, out)
}

// EndStray ends the dialog that a 2xx to an INVITE makes of which no leg is left:
// ACK, then a BYE whose answer nobody waits for (RFC 3261 §13.2.2.4). Any other
// response does nothing.
func EndStray(env *Env, f flow.Flow, r *sip.Response, out []Action) []Action {
	if r.StatusCode < 200 || r.StatusCode > 299 || r.CSeq().MethodName != sip.INVITE {
		return out
	}
	l := Leg{env: env, flow: f}
	return l.dropBranch(r, out)
}
