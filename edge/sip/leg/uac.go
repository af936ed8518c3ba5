package leg

import (
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/dialog"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/token"
	"sekisho/edge/sip/transaction"
)

// dial builds and sends the INVITE (RFC 3261 §13.2.1).
func (l *Leg) dial(c Dial, out []Action) []Action {
	if l.state != Idle {
		return out
	}
	l.flow, l.target, l.seq, l.reasons = c.Flow, c.Target, 1, c.Reasons
	var uri sip.Uri
	if err := sip.ParseUri(c.Target, &uri); err != nil {
		return l.over(l.tell(cause.Cause{Status: 500, Q850: cause.TemporaryFailure, Text: "target is no URI"}, nil, out))
	}
	var content []byte
	if c.Media != nil {
		var err error
		if content, err = l.makeOffer(*c.Media); err != nil {
			return l.over(l.tell(unacceptable(err), nil, out))
		}
	}
	r := sip.NewRequest(sip.INVITE, uri)
	mark := c.Mark
	if mark != "" {
		mark = markSeparator + mark
	}
	r.AppendHeader(l.via(c.Flow, mark))
	r.AppendHeader(maxForwards(c.MaxForwards))
	r.AppendHeader(sip.NewHeader("From", c.From+";tag="+string(l.local)))
	r.AppendHeader(sip.NewHeader("To", c.To))
	callID := sip.CallIDHeader(c.CallID)
	r.AppendHeader(&callID)
	r.AppendHeader(&sip.CSeqHeader{SeqNo: l.seq, MethodName: sip.INVITE})
	r.AppendHeader(l.contact(c.Flow))
	l.capabilities(r)
	if l.rel100 == Required {
		r.AppendHeader(sip.NewHeader("Require", dialog.ReliableOption))
	}
	l.timer.Request(r)
	appendAll(r, c.Headers)
	body(r, content)
	l.invite, l.state = r, Calling
	l.unnamed = append(l.unnamed, forInvite)
	return append(out, Transact{Flow: c.Flow, Request: r})
}

// markSeparator divides a branch from its mark. No branch of ours has a dot.
const markSeparator = "."

// markOf returns the mark of an INVITE of ours, dot included.
func markOf(r *sip.Request) string {
	branch, _ := r.Via().Params.Get("branch")
	if at := strings.Index(branch, markSeparator); at >= 0 {
		return branch[at:]
	}
	return ""
}

// started learns the name of the client transaction that was started last.
func (l *Leg) started(in transaction.Started) {
	if len(l.unnamed) == 0 {
		return
	}
	switch l.unnamed[0] {
	case forInvite:
		l.inviteTx = in.ID
	case forReinvite:
		l.reinvite.tx = in.ID
	case forBye:
		l.byeTx = in.ID
	case forAsk:
		if at := l.asking(0); at >= 0 {
			l.asks[at].tx = in.ID
		}
	case forUpdate:
		l.updating.tx = in.ID
	case forCancel, forFork, forPrack:
	}
	l.unnamed = l.unnamed[:copy(l.unnamed, l.unnamed[1:])]
}

// response sorts a response by the transaction it answers.
func (l *Leg) response(now time.Time, in transaction.Answered, out []Action) []Action {
	switch {
	case in.ID == l.inviteTx:
		return l.inviteResponse(now, in.Response, out)
	case in.ID == l.reinvite.tx && l.reinvite.ours:
		return l.reinviteResponse(now, in.Response, out)
	case in.ID == l.updating.tx && l.updating.pending:
		return l.updateResponse(now, in.Response, out)
	case in.ID == l.byeTx && in.Response.StatusCode >= 200:
		l.byeTx = 0
		return l.leave(out)
	}
	if at := l.asking(in.ID); at >= 0 {
		if in.Response.StatusCode < 200 {
			return out
		}
		return l.replied(at, in.Response, out)
	}
	if in.Response.CSeq().MethodName == sip.PRACK {
		return l.authorised(in.Response, out)
	}
	return l.repeatAck(in.Response, out)
}

func (l *Leg) inviteResponse(now time.Time, r *sip.Response, out []Action) []Action {
	switch {
	case r.StatusCode < 200:
		return l.provisional(now, r, out)
	case r.StatusCode < 300:
		if l.state == Calling || l.state == Proceeding {
			l.timer.Accepted(now, r)
		}
		l.allows(r)
		return l.success(r, out)
	}
	if l.state != Calling && l.state != Proceeding && l.state != Cancelling {
		return out // it lost to a 2xx of another branch
	}
	if r.StatusCode == 422 && l.state != Cancelling {
		if out, asked := l.askAgain(r, out); asked {
			return out
		}
	}
	c := cause.Cause{Side: cause.Remote, Status: r.StatusCode, Q850: cause.FromStatus(r.StatusCode)}
	if q, text, ok := cause.Of(r); ok {
		c.Q850, c.Text = q, text
	}
	return l.over(l.tell(c, r, out))
}

// provisional opens or continues an early dialog (RFC 3261 §12.1.2, §13.2.2.1).
func (l *Leg) provisional(now time.Time, r *sip.Response, out []Action) []Action {
	l.cancellable = true
	switch l.state {
	case Cancelling:
		return l.cancelInvite(now, out)
	case Calling, Proceeding:
		l.state = Proceeding
	case Idle, Acknowledging, Arrived, Accepted, Confirmed, Ending, Over:
		return out
	}
	ev := Progressed{Status: r.StatusCode, Response: r}
	e, rseq := l.branch(r), dialog.RSeqOf(r)
	l.allows(r)
	switch {
	case e == nil:
	case rseq != 0 && !e.inOrder(rseq):
		return out
	case rseq != 0:
		var err error
		if out, err = l.reliably(e, r, &ev, out); err != nil {
			return l.stopCalling(now, l.tell(unacceptable(err), r, out))
		}
	case e.session.State != sdp.Idle:
		if d, err := l.describe(r); err == nil && d != nil && e.session.RemoteAnswer(d) == nil {
			ev.Negotiated = negotiated(&e.session)
		}
	}
	if r.StatusCode == statusEarlyDialogTerminated {
		l.branchOver(r)
	}
	return append(out, Tell{ev})
}

// statusEarlyDialogTerminated is 199 (RFC 6228).
const statusEarlyDialogTerminated = 199

// branch returns the early dialog that a provisional response belongs to. A 100,
// or one without To tag, makes none.
func (l *Leg) branch(r *sip.Response) *earlyDialog {
	if r.StatusCode == sip.StatusTrying {
		return nil
	}
	if e := l.earlyOf(tagOf(r)); e != nil || len(l.early) >= maxBranches || r.StatusCode == statusEarlyDialogTerminated {
		return e
	}
	d, err := dialog.FromResponse(r, l.target)
	if err != nil {
		return nil
	}
	l.early = append(l.early, earlyDialog{dialog: d, session: l.session})
	return &l.early[len(l.early)-1]
}

func (l *Leg) earlyOf(remote token.Tag) *earlyDialog {
	for i := range l.early {
		if l.early[i].dialog.RemoteTag == remote {
			return &l.early[i]
		}
	}
	return nil
}

// maxBranches bounds what a forking peer can make us remember.
const maxBranches = 16

// success takes the first 2xx as the call, repeats the ACK of one already
// acknowledged, and ends every other branch (RFC 3261 §13.2.2.4).
func (l *Leg) success(r *sip.Response, out []Action) []Action {
	switch l.state {
	case Calling, Proceeding:
		return l.win(r, out)
	case Cancelling:
		// The 2xx overtook our CANCEL: the dialog exists and must be ended
		// (RFC 3261 §9.1, §15.1.1).
		if l.confirm(r) != nil {
			return l.over(out)
		}
		out = l.ack(&l.dialog, l.seq, nil, out)
		return l.bye(out)
	case Idle, Acknowledging, Arrived, Accepted, Confirmed, Ending, Over:
	}
	if tagOf(r) == l.dialog.RemoteTag {
		return l.repeatAck(r, out)
	}
	return l.dropBranch(r, out)
}

// confirm makes the dialog and session of the leg those of a 2xx, which are
// those of its early dialog where it had one.
func (l *Leg) confirm(r *sip.Response) error {
	if e := l.earlyOf(tagOf(r)); e != nil {
		l.dialog, l.session = e.dialog, e.session
		l.dialog.Confirm(r)
	} else {
		d, err := dialog.FromResponse(r, l.target)
		if err != nil {
			return err
		}
		l.dialog = d
	}
	l.early, l.invite, l.giveUp = nil, nil, time.Time{}
	if l.updating.remote != l.dialog.RemoteTag {
		l.updating = updating{} // of a branch that lost
	}
	return nil
}

func (l *Leg) win(r *sip.Response, out []Action) []Action {
	out = l.refuseProposal(487, out)
	if err := l.confirm(r); err != nil {
		// No dialog can be made of it, so there is none to end.
		return l.over(l.tell(cause.Cause{Side: cause.Remote, Status: 502, Q850: cause.Interworking, Text: err.Error()}, r, out))
	}
	desc, err := l.describe(r)
	ev := Answered{Response: r}
	switch {
	case err != nil:
	case settled(&l.session), l.updating.offers:
		// Reliable provisional responses have settled it: the UAC "MUST treat the
		// first session description it receives as the answer" (§13.2.1).
	case l.session.State == sdp.Idle && desc != nil:
		// Our INVITE had no offer, so the 2xx brings it and the ACK answers.
		if err = l.session.RemoteOffer(desc); err == nil {
			ev.Offer = desc
			l.state = Acknowledging
			return append(out, Tell{ev})
		}
	case desc != nil:
		err = l.session.RemoteAnswer(desc)
	case l.session.State != sdp.Stable:
		err = sdp.ErrNoAudio // neither the 18x nor the 2xx said anything of media
	}
	out = l.ack(&l.dialog, l.seq, nil, out)
	if err != nil {
		// "If the offer in the 2xx response is not acceptable, the UAC core MUST
		// generate a valid answer in the ACK and then send a BYE immediately"
		// (RFC 3261 §13.2.2.4); an unusable answer ends likewise.
		return l.abandon(unacceptable(err), r, out)
	}
	l.session.Settle()
	ev.Negotiated = negotiated(&l.session)
	l.state = Confirmed
	return append(out, Tell{ev})
}

// acknowledge sends the ACK with our answer to the offer of the 2xx.
func (l *Leg) acknowledge(now time.Time, c Acknowledge, out []Action) []Action {
	if l.state == Proceeding {
		return l.answerEarly(now, c, out)
	}
	if l.state != Acknowledging {
		return out
	}
	answer, err := l.makeAnswer(c.Media)
	out = l.ack(&l.dialog, l.seq, answer, out)
	if err != nil {
		return l.abandon(unacceptable(err), nil, out)
	}
	l.session.Settle()
	l.state = Confirmed
	return l.agreed(&l.session, out)
}

// failed is a client transaction without a final response (RFC 3261 §8.1.3.1:
// a timeout counts as 408, a transport error as 503).
func (l *Leg) failed(now time.Time, in transaction.Failed, out []Action) []Action {
	c := cause.Cause{Side: cause.Remote, Status: 408, Q850: cause.RecoveryOnTimer, Text: "no answer from the peer"}
	if in.Reason == transaction.TransportFailed {
		c = cause.Cause{Side: cause.Remote, Status: 503, Q850: cause.TemporaryFailure, Text: "peer cannot be reached"}
	}
	switch {
	case in.ID == l.inviteTx && (l.state == Calling || l.state == Proceeding || l.state == Cancelling):
		return l.over(l.tell(c, nil, out))
	case in.ID == l.reinvite.tx && l.reinvite.ours:
		l.reinvite = reinvite{}
		if l.state == Confirmed {
			// "A UAC SHOULD also terminate a dialog if no response at all is
			// received for the request" (RFC 3261 §12.2.1.2).
			l.session.Rollback()
			return l.abandon(c, nil, out)
		}
		if l.byeTx == 0 {
			return l.over(out)
		}
	case in.ID == l.updating.tx && l.updating.pending:
		sent := l.updating
		l.updating = updating{}
		if l.state == Confirmed {
			return l.abandon(c, nil, out) // as above
		}
		if s := l.sessionOf(sent.remote); s != nil && !l.told {
			s.Rollback()
			out = l.proceed(now, append(out, Tell{OfferRefused{Status: c.Status}}))
		}
	case in.ID == l.byeTx && l.state == Ending:
		l.byeTx = 0
		return l.leave(out)
	}
	if at := l.asking(in.ID); at >= 0 {
		return l.replied(at, nil, out)
	}
	return out
}

// unacceptable is the Cause of a session that cannot be agreed.
func unacceptable(err error) cause.Cause {
	return cause.Cause{Status: 488, Q850: cause.BearerNotAvailable, Text: err.Error()}
}
