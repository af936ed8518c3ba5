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

	Reliable Provisioning
	Reinvite Reinvite
	Proposal Proposal
	Updating Updating
	Updates  bool
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
	RSeq    uint32
	Owed    bool
}

// Provisioning is a UAS's reliable provisional responses.
type Provisioning struct {
	Able, Demanded bool
	Sent           dialog.SavedReliable
	Described      bool
	Queue          []Provisional
	// Answer is the 2xx that was held back where Answers says so.
	Answers bool
	Answer  Provisional
}

// Provisional is a Ring, or an Answer with a status of 200, that waits.
type Provisional struct {
	Status    int
	Headers   []Field
	Described bool // Media means something
	Media     Media
	Reliable  bool
	Reasons   cause.Telling
}

// Proposal is an offer of the peer's outside an INVITE; Request is empty where
// there is none.
type Proposal struct {
	Tx      transaction.ID
	Request []byte
	Remote  token.Tag
	Timer   dialog.SessionRequest
}

// Updating is an UPDATE of ours.
type Updating struct {
	Tx      transaction.ID
	Pending bool
	Offers  bool
	Remote  token.Tag
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
	RSeq        uint32
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
			Refresh: l.reinvite.refresh, RSeq: l.reinvite.rseq,
		},
		Reliable: l.reliable.save(now),
		Proposal: Proposal{Tx: l.proposal.tx, Request: saved(l.proposal.request), Remote: l.proposal.remote, Timer: l.proposal.timer},
		Updating: Updating{Tx: l.updating.tx, Pending: l.updating.pending, Offers: l.updating.offers, Remote: l.updating.remote}, Updates: l.updates,
		ByeTx: l.byeTx,
	}
	if !l.giveUp.IsZero() {
		s.GiveUpIn = l.giveUp.Sub(now)
	}
	if l.offer != nil {
		s.Offer = l.offer.AppendTo(nil)
	}
	s.Parting = fields(l.parting)
	for _, e := range l.early {
		s.Early = append(s.Early, Early{Dialog: e.dialog, Session: e.session, RSeq: e.rseq, Owed: e.owed})
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
			flow: s.Reinvite.Flow, cancellable: s.Reinvite.Cancellable, refresh: s.Reinvite.Refresh, rseq: s.Reinvite.RSeq,
		},
		rel100: terms.Rel100, reliable: s.Reliable.resume(now),
		proposal: proposal{tx: s.Proposal.Tx, remote: s.Proposal.Remote, timer: s.Proposal.Timer},
		updating: updating{tx: s.Updating.Tx, pending: s.Updating.Pending, offers: s.Updating.Offers, remote: s.Updating.Remote}, updates: s.Updates,
		byeTx: s.ByeTx, methods: terms.Methods,
	}
	var err error
	if l.invite, err = restored(s.Invite); err != nil {
		return nil, fmt.Errorf("INVITE of leg %d: %w", s.ID, err)
	}
	if l.reinvite.request, err = restored(s.Reinvite.Request); err != nil {
		return nil, fmt.Errorf("re-INVITE of leg %d: %w", s.ID, err)
	}
	if l.proposal.request, err = restored(s.Proposal.Request); err != nil {
		return nil, fmt.Errorf("offer to leg %d: %w", s.ID, err)
	}
	if len(s.Offer) > 0 {
		if l.offer, err = sdp.ParseSecure(s.Offer, s.Session.Secure); err != nil {
			return nil, fmt.Errorf("offer of leg %d: %w", s.ID, err)
		}
	}
	if s.State == Cancelling {
		l.giveUp = now.Add(s.GiveUpIn)
	}
	l.parting = lines(s.Parting)
	for _, e := range s.Early {
		l.early = append(l.early, earlyDialog{dialog: e.Dialog, session: e.Session, rseq: e.RSeq, owed: e.Owed})
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

// save returns p as it stands at now.
func (p *provisioning) save(now time.Time) Provisioning {
	s := Provisioning{Able: p.able, Demanded: p.demanded, Sent: p.Save(now), Described: p.described, Answers: p.answer != nil}
	for _, c := range p.queue {
		waits := provisional(c.Status, c.Headers, c.Media)
		waits.Reliable = c.Reliable
		s.Queue = append(s.Queue, waits)
	}
	if s.Answers {
		s.Answer = provisional(sip.StatusOK, p.answer.Headers, p.answer.Media)
		s.Answer.Reasons = p.answer.Reasons
	}
	return s
}

func (s Provisioning) resume(now time.Time) provisioning {
	p := provisioning{able: s.Able, demanded: s.Demanded, Reliable: s.Sent.Resume(now), described: s.Described}
	for _, c := range s.Queue {
		p.queue = append(p.queue, Ring{Status: c.Status, Headers: lines(c.Headers), Media: c.media(), Reliable: c.Reliable})
	}
	if s.Answers {
		p.answer = &Answer{Headers: lines(s.Answer.Headers), Media: s.Answer.media(), Reasons: s.Answer.Reasons}
	}
	return p
}

func provisional(status int, headers []sip.Header, media *Media) Provisional {
	p := Provisional{Status: status, Headers: fields(headers), Described: media != nil}
	if media != nil {
		p.Media = *media
	}
	return p
}

func (p Provisional) media() *Media {
	if !p.Described {
		return nil
	}
	return &p.Media
}

// fields returns headers as plain data, lines what fields wrote as headers.
func fields(headers []sip.Header) (list []Field) {
	for _, h := range headers {
		list = append(list, Field{Name: h.Name(), Value: h.Value()})
	}
	return list
}

func lines(list []Field) (headers []sip.Header) {
	for _, f := range list {
		headers = append(headers, sip.NewHeader(f.Name, f.Value))
	}
	return headers
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
