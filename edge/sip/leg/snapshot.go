package leg

import (
	"fmt"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/dialog"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/token"
	"sekisho/edge/sip/transaction"
)

// Snapshot is a leg's whole state as plain data: messages as bytes, names
// instead of pointers, what remains of a wait instead of its end.
type Snapshot struct {
	ID    ID
	State State
	Flow  flow.Flow
	Local token.Tag
	Told  bool

	// Invite is ours (UAC), or the peer's (UAS), until its final answer.
	Invite                  []byte
	InviteTx                transaction.ID
	Seq                     uint32
	Target                  string
	Cancellable, CancelSent bool
	// GiveUpIn means something in Cancelling only.
	GiveUpIn time.Duration
	Parting  []Field
	ByeOwed  bool
	Reasons  cause.Telling

	Session sdp.Session
	Offer   []byte
	Dialog  dialog.Dialog
	Early   []Early
	Accept  dialog.SavedAccept
	Timer   dialog.SavedSessionTimer
	Acks    []Acknowledgement

	Reinvite Reinvite
	// Unnamed are the purposes of the client transactions that had no name yet.
	// Between two steps of a ua there are none.
	Unnamed []uint8
	ByeTx   transaction.ID

	// Asks wait for the peer, Questions for the application.
	Asks      []SavedAsk
	Questions []SavedQuestion
}

// SavedAsk is an Ask that waits for the peer's answer.
type SavedAsk struct {
	Tx     transaction.ID
	Token  uint64
	Method string
}

// SavedQuestion is an Asked that waits for the application's answer.
type SavedQuestion struct {
	Tx      transaction.ID
	Request []byte
}

// Field is one header line.
type Field struct{ Name, Value string }

// Early is an early dialog of a UAC with its copy of the session.
type Early struct {
	Dialog  dialog.Dialog
	Session sdp.Session
}

// Acknowledgement is the ACK sent for a 2xx.
type Acknowledgement struct {
	Seq    uint32
	Remote token.Tag
	Flow   flow.Flow
	Data   []byte
}

// Reinvite is a re-INVITE in progress; Seq is zero where there is none.
type Reinvite struct {
	Tx          transaction.ID
	Seq         uint32
	Ours        bool
	Request     []byte
	Flow        flow.Flow
	Cancellable bool
	Refresh     bool
}

// Snapshot returns the state of the leg at now. It shares bytes with the leg,
// which never changes them.
func (l *Leg) Snapshot(now time.Time) Snapshot {
	s := Snapshot{
		ID: l.id, State: l.state, Flow: l.flow, Local: l.local, Told: l.told,
		Invite: saved(l.invite), InviteTx: l.inviteTx, Seq: l.seq, Target: l.target,
		Cancellable: l.cancellable, CancelSent: l.cancelSent,
		ByeOwed: l.byeOwed, Reasons: l.reasons, Session: l.session, Dialog: l.dialog, Accept: l.accept.Save(now),
		Timer: l.timer.Save(now),
		Reinvite: Reinvite{
			Tx: l.reinvite.tx, Seq: l.reinvite.seq, Ours: l.reinvite.ours,
			Request: saved(l.reinvite.request), Flow: l.reinvite.flow, Cancellable: l.reinvite.cancellable,
			Refresh: l.reinvite.refresh,
		},
		ByeTx: l.byeTx,
	}
	if !l.giveUp.IsZero() {
		s.GiveUpIn = l.giveUp.Sub(now)
	}
	if l.offer != nil {
		s.Offer = l.offer.AppendTo(nil)
	}
	for _, h := range l.parting {
		s.Parting = append(s.Parting, Field{Name: h.Name(), Value: h.Value()})
	}
	for _, e := range l.early {
		s.Early = append(s.Early, Early{Dialog: e.dialog, Session: e.session})
	}
	for _, a := range l.acks {
		s.Acks = append(s.Acks, Acknowledgement{Seq: a.seq, Remote: a.remote, Flow: a.flow, Data: a.data})
	}
	for _, p := range l.unnamed {
		s.Unnamed = append(s.Unnamed, uint8(p))
	}
	for _, a := range l.asks {
		s.Asks = append(s.Asks, SavedAsk{Tx: a.tx, Token: a.token, Method: string(a.method)})
	}
	for _, q := range l.questions {
		s.Questions = append(s.Questions, SavedQuestion{Tx: q.tx, Request: saved(q.request)})
	}
	return s
}

// RestoreLeg returns a leg that goes on from s at now under its peer's terms. Time that passed in
// between does not count. The error is a message in s that cannot be read.
func RestoreLeg(env *Env, now time.Time, s Snapshot, terms Terms) (*Leg, error) {
	l := &Leg{
		env: env, id: s.ID, state: s.State, flow: s.Flow, local: s.Local, told: s.Told,
		inviteTx: s.InviteTx, seq: s.Seq, target: s.Target,
		cancellable: s.Cancellable, cancelSent: s.CancelSent,
		byeOwed: s.ByeOwed, reasons: s.Reasons, session: s.Session, dialog: s.Dialog, accept: s.Accept.Resume(now),
		timer: s.Timer.Resume(now, terms.Session),
		reinvite: reinvite{
			tx: s.Reinvite.Tx, seq: s.Reinvite.Seq, ours: s.Reinvite.Ours,
			flow: s.Reinvite.Flow, cancellable: s.Reinvite.Cancellable, refresh: s.Reinvite.Refresh,
		},
		byeTx: s.ByeTx, methods: terms.Methods,
	}
	var err error
	if l.invite, err = restored(s.Invite); err != nil {
		return nil, fmt.Errorf("INVITE of leg %d: %w", s.ID, err)
	}
	if l.reinvite.request, err = restored(s.Reinvite.Request); err != nil {
		return nil, fmt.Errorf("re-INVITE of leg %d: %w", s.ID, err)
	}
	if len(s.Offer) > 0 {
		if l.offer, err = sdp.Parse(s.Offer); err != nil {
			return nil, fmt.Errorf("offer of leg %d: %w", s.ID, err)
		}
	}
	if s.State == Cancelling {
		l.giveUp = now.Add(s.GiveUpIn)
	}
	for _, f := range s.Parting {
		l.parting = append(l.parting, sip.NewHeader(f.Name, f.Value))
	}
	for _, e := range s.Early {
		l.early = append(l.early, earlyDialog{dialog: e.Dialog, session: e.Session})
	}
	for _, a := range s.Acks {
		l.acks = append(l.acks, sentAck{seq: a.Seq, remote: a.Remote, flow: a.Flow, data: a.Data})
	}
	for _, p := range s.Unnamed {
		l.unnamed = append(l.unnamed, purpose(p))
	}
	for _, a := range s.Asks {
		l.asks = append(l.asks, ask{tx: a.Tx, token: a.Token, method: sip.RequestMethod(a.Method)})
	}
	for _, q := range s.Questions {
		r, err := restored(q.Request)
		if err != nil {
			return nil, fmt.Errorf("request of leg %d: %w", s.ID, err)
		}
		l.questions = append(l.questions, question{tx: q.Tx, request: r})
	}
	return l, nil
}

// saved returns a request as bytes, or nil.
func saved(r *sip.Request) []byte {
	if r == nil {
		return nil
	}
	return []byte(r.String())
}

// restored reads what saved wrote. The guard has passed the message before, or
// we wrote it ourselves, so that its limits do not apply again.
func restored(data []byte) (*sip.Request, error) {
	if len(data) == 0 {
		return nil, nil
	}
	const unbounded = 1 << 20
	g := header.NewGuard(header.Limits{Bytes: unbounded, HeadBytes: unbounded, Lines: unbounded, Values: unbounded, Params: unbounded})
	m, err := header.Parse(g, data)
	if err != nil {
		return nil, err
	}
	r, ok := m.(*sip.Request)
	if !ok {
		return nil, fmt.Errorf("%T where a request was kept", m)
	}
	return r, nil
}
