package leg

import (
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/deadline"
	"sekisho/edge/sip/dialog"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/token"
	"sekisho/edge/sip/transaction"
)

// State is where a leg stands; doc.go draws the transitions.
type State uint8

// The states.
const (
	Idle State = iota
	Calling
	Proceeding
	Cancelling
	Acknowledging
	Arrived
	Accepted
	Confirmed
	Ending
	Over
)

// String returns the state's name.
func (s State) String() string {
	return [...]string{"Idle", "Calling", "Proceeding", "Cancelling", "Acknowledging",
		"Arrived", "Accepted", "Confirmed", "Ending", "Over"}[s]
}

// Timer names what a leg's deadline is for.
type Timer uint8

// The timers of a leg.
const (
	NoTimer Timer = iota
	// TimerAccept repeats our 2xx, or gives the ACK up (RFC 3261 §13.3.1.4).
	TimerAccept
	// TimerCancel gives up waiting for the INVITE's answer after CANCEL
	// (RFC 3261 §9.1: 64·T1).
	TimerCancel
	// TimerSession refreshes the session, or finds it expired (RFC 4028 §10).
	TimerSession
	// TimerReliable repeats our reliable provisional response, or gives its
	// PRACK up (RFC 3262 §3).
	TimerReliable
)

// Env is what all legs of a shard share. It is read-only but for Source.
type Env struct {
	Source token.Source
	// Timers have no zero values here.
	Timers transaction.Timers
	// Hosts are what we write as sent-by and Contact, by flow.Listener. Never
	// a wildcard address.
	Hosts []Host
	// Resolve chooses the flow of an in-dialog request from its next hop URI.
	// It returns established where the URI names no address of the same peer,
	// so that no message ever leaves for a third party.
	Resolve func(nextHop string, established flow.Flow) flow.Flow
	// Allow lists the methods we implement (RFC 3261 §20.5).
	Allow string
}

// Host is one listener as the peer shall see it. Name has brackets around an
// IPv6 literal.
type Host struct {
	Name string
	Port int
}

// Leg is one party of a call: a pure machine, fed with Command, Handle and
// Timeout.
type Leg struct {
	env   *Env
	id    ID
	state State
	// told is set once Ended was told.
	told bool
	// cancellable is set once a response allows CANCEL (RFC 3261 §9.1).
	cancellable, cancelSent bool
	// byeOwed says that a BYE waits for the ACK of our 2xx (RFC 3261 §15).
	byeOwed bool
	// reasons says whether what ends by itself tells the peer why.
	reasons cause.Telling
	// updates says that the peer takes UPDATE, rel100 are the terms of reliable
	// provisional responses.
	updates bool
	rel100  Reliability
	flow    flow.Flow
	// local is our tag; every dialog of this leg has it.
	local token.Tag

	// invite is our INVITE (UAC), or the peer's (UAS), until its final answer.
	invite   *sip.Request
	inviteTx transaction.ID
	// seq is the CSeq of that INVITE, target our Request-URI: empty on a UAS.
	seq    uint32
	target string
	// giveUp ends Cancelling.
	giveUp time.Time
	// parting is what the BYE or CANCEL that is still to come will carry.
	parting []sip.Header

	session sdp.Session
	offer   *sdp.Description // the INVITE's, until answered
	dialog  dialog.Dialog
	early   []earlyDialog
	accept  dialog.Accept
	timer   dialog.SessionTimer
	// reliable is what came of reliable provisional responses on a UAS.
	reliable provisioning
	// acks are the ACKs sent for 2xx responses, repeated when one comes again.
	acks []sentAck

	// reinvite is the re-INVITE in progress, ours or the peer's.
	reinvite reinvite
	// proposal is an offer of the peer's that waits outside an INVITE, updating
	// a refresh of ours.
	proposal proposal
	updating updating
	// unnamed are the client transactions whose Started is still to come.
	unnamed []purpose
	// byeTx is the BYE whose answer the leg waits for.
	byeTx transaction.ID
	// methods are the terms'; asks are the application's requests that wait for
	// the peer, questions those of the peer that wait for the application.
	methods   []sip.RequestMethod
	asks      []ask
	questions []question
}

// earlyDialog is one branch of a forked INVITE (RFC 3261 §12.1, §13.2.2.4).
type earlyDialog struct {
	dialog  dialog.Dialog
	session sdp.Session
	// rseq is that of the last reliable provisional response in order; owed says
	// that its PRACK waits for our answer.
	rseq uint32
	owed bool
}

type sentAck struct {
	seq    uint32
	remote token.Tag
	flow   flow.Flow
	data   []byte
}

// purpose says what a client transaction of a leg is for.
type purpose uint8

const (
	forInvite purpose = iota
	forReinvite
	forBye
	forCancel
	// forFork is the BYE of another branch's dialog: nobody waits for it.
	forFork
	forAsk
	// forPrack is a PRACK: nobody waits for its answer either.
	forPrack
	forUpdate
)

// New returns an idle leg that waits for Dial, under the terms of the peer it
// will dial.
func New(env *Env, id ID, terms Terms) *Leg {
	return &Leg{env: env, id: id, local: token.NewTag(env.Source), session: sdp.Session{Secure: terms.Secure}, timer: dialog.SessionTimer{Terms: terms.Session}, methods: terms.Methods, rel100: terms.Rel100}
}

// ID returns the leg's name.
func (l *Leg) ID() ID { return l.id }

// State returns where the leg stands.
func (l *Leg) State() State { return l.state }

// LocalTag returns our tag, by which the peer's in-dialog requests find us.
func (l *Leg) LocalTag() token.Tag { return l.local }

// Told reports whether the leg's end has been told: no event follows.
func (l *Leg) Told() bool { return l.told }

// Flow returns the flow the leg was set up on.
func (l *Leg) Flow() flow.Flow { return l.flow }

// Offer returns the offer of the peer's INVITE while it is unanswered, or nil.
func (l *Leg) Offer() *sdp.Description { return l.offer }

// Command carries out what the application asks. A command that does not fit
// the state is ignored: it crossed with what ended the state.
func (l *Leg) Command(now time.Time, c Command, out []Action) []Action {
	if l.state == Over {
		return out
	}
	switch c := c.(type) {
	case Dial:
		return l.dial(c, out)
	case Ring:
		return l.ring(now, c, out)
	case Answer:
		return l.answer(now, c, out)
	case Acknowledge:
		return l.acknowledge(now, c, out)
	case Reoffer:
		return l.reoffer(c, out)
	case AnswerOffer:
		return l.answerOffer(now, c, out)
	case RefuseOffer:
		return l.proceed(now, l.refuseOffer(c, out))
	case HangUp:
		return l.hangUp(now, c, out)
	case Ask:
		return l.ask(c, out)
	case Respond:
		return l.respond(c, out)
	}
	return out
}

// Handle takes what the transaction table hands up for this leg. A leg that is Over only refuses.
func (l *Leg) Handle(now time.Time, in transaction.Action, out []Action) []Action {
	if l.state == Over {
		if in, ok := in.(transaction.Arrived); ok && in.Request.Method != sip.ACK {
			return l.plain(in, sip.StatusCallTransactionDoesNotExists, out)
		}
		return out
	}
	switch in := in.(type) {
	case transaction.Started:
		l.started(in)
	case transaction.Arrived:
		return l.arrived(now, in, out)
	case transaction.Cancelled:
		return l.cancelled(in, out)
	case transaction.Answered:
		return l.response(now, in, out)
	case transaction.Failed:
		return l.failed(now, in, out)
	case transaction.Stray:
		return l.stray(in.Response, out)
	}
	return out
}

// Timeout lets time pass: whatever is due at now happens.
func (l *Leg) Timeout(now time.Time, out []Action) []Action {
	if l.state == Over {
		return out
	}
	if repeat, lost := l.accept.Due(now); lost {
		out = l.ackLost(out)
	} else if repeat != 0 {
		out = append(out, Again{repeat})
	}
	if out = l.reliableDue(now, out); l.state == Over {
		return out
	}
	if !l.giveUp.IsZero() && !now.Before(l.giveUp) {
		l.giveUp = time.Time{}
		return l.over(out)
	}
	return l.sessionDue(now, out)
}

// Deadline returns when Timeout is due and for what.
func (l *Leg) Deadline() (time.Time, Timer) {
	if l.state == Over {
		return time.Time{}, NoTimer
	}
	at, timer := l.accept.Deadline(), TimerAccept
	if d := deadline.Earliest(at, l.giveUp); !d.Equal(at) {
		at, timer = d, TimerCancel
	}
	if d := deadline.Earliest(at, l.timer.Deadline()); !d.Equal(at) {
		at, timer = d, TimerSession
	}
	if d := deadline.Earliest(at, l.reliable.Deadline()); !d.Equal(at) {
		at, timer = d, TimerReliable
	}
	if at.IsZero() {
		timer = NoTimer
	}
	return at, timer
}

// caller reports whether we sent the INVITE, and so made the Call-ID.
func (l *Leg) caller() bool { return l.target != "" }

// tell reports the end of the leg to the application, once.
func (l *Leg) tell(c cause.Cause, m sip.Message, out []Action) []Action {
	if l.told {
		return out
	}
	l.told = true
	return append(l.dismiss(out), Tell{Ended{Cause: c, Message: m, Unanswered: l.state == Arrived}})
}

// leave ends the leg once no request of its own waits for an answer. A
// re-INVITE of ours may outlive the call: unless somebody hears its answer, or
// cancels it, its transaction never ends.
func (l *Leg) leave(out []Action) []Action {
	if l.reinvite.ours {
		l.state = Ending
		return out
	}
	return l.over(out)
}

// over ends the leg for good. It is told by then, and nothing it started needs
// it any more: a late 2xx of another branch is settled by the ua, from the
// response alone.
func (l *Leg) over(out []Action) []Action {
	out = l.refuseProposal(487, out)
	l.state = Over
	return append(out, Gone{})
}
