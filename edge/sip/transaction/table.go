package transaction

import (
	"bytes"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/deadline"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/token"
	"sekisho/media/ebb"
)

// DefaultMaxLive is the limit of Config.MaxLive where it is zero.
const DefaultMaxLive = 1 << 17

// Config is what a table is made with.
type Config struct {
	// Timers are the base values; zero means those of RFC 3261.
	Timers Timers
	// MaxLive bounds the transactions that wait for something: beyond it a
	// request outside a dialog is answered 503 without keeping anything. Zero
	// means DefaultMaxLive. Requests inside dialogs and CANCEL pass, since they
	// end what is live.
	MaxLive int
	// Tokens is where the To tags of the table's own answers come from.
	Tokens token.Source
	// Fit, where given, may shorten a request of more than SafeSize bytes that is
	// about to leave over UDP, once, before the transaction keeps it. It must keep
	// what the request is matched by.
	Fit func(f flow.Flow, request []byte) []byte
}

// SafeSize is how many bytes of a request go over UDP where the path's MTU is
// not known: "If a request is within 200 bytes of the path MTU, or if it is
// larger than 1300 bytes and the path MTU is unknown, the request MUST be sent
// using an RFC 2914 congestion controlled transport protocol" (RFC 3261
// §18.1.1).
const SafeSize = 1300

// Counts is what a table holds and what it has dropped.
type Counts struct {
	// Live counts the transactions that wait for something, by Kind.
	Live [kinds]int
	// Lingering counts those that only absorb stragglers.
	Lingering int
	// Strays counts responses that matched no transaction, Foreign those that
	// did, but came by another flow than the request left by.
	Strays, Foreign uint64
	// Malformed counts messages without the header fields that every message
	// has, Refused requests answered 503 at the limit.
	Malformed, Refused uint64
}

// Waiting returns the number of live transactions of all kinds.
func (c Counts) Waiting() int {
	n := 0
	for _, live := range c.Live {
		n += live
	}
	return n
}

// Table holds the transactions of one shard. It is a machine: one owner steps
// it with Handle and asks Deadline when to step it next.
type Table struct {
	timers  Timers
	maxLive int
	tokens  token.Source
	fit     func(flow.Flow, []byte) []byte
	// stateless seeds the tags of answers that leave nothing behind.
	stateless uint64

	last    ID
	byID    roll
	clients map[clientKey]client
	servers map[serverKey]server
	// sending holds, for each flow, the client transactions that an unreachable
	// flow would end, oldest first. Those that are past it are dropped lazily.
	sending map[flow.Flow][]ID
	most    struct{ clients, servers, sending ebb.Mark }

	resends [timers]deadline.Heap[ID] // A, E, G
	expires [timers]queue             // all others

	counts Counts
	buf    bytes.Buffer
}

// NewTable returns an empty table.
func NewTable(c Config) *Table {
	if c.MaxLive <= 0 {
		c.MaxLive = DefaultMaxLive
	}
	return &Table{
		timers:    c.Timers.orDefault(),
		maxLive:   c.MaxLive,
		tokens:    c.Tokens,
		fit:       c.Fit,
		stateless: c.Tokens.Uint64(),
		byID:      newRoll(),
		clients:   make(map[clientKey]client),
		servers:   make(map[serverKey]server),
		sending:   make(map[flow.Flow][]ID),
	}
}

// Handle steps the table and appends what follows from in to out.
func (t *Table) Handle(now time.Time, in Input, out []Action) []Action {
	switch in := in.(type) {
	case Received:
		switch m := in.Message.(type) {
		case *sip.Request:
			return t.receiveRequest(now, in.Flow, m, out)
		case *sip.Response:
			return t.receiveResponse(now, in.Flow, m, out)
		}
	case Request:
		return t.start(now, in, out)
	case Respond:
		return t.respond(now, in, out)
	case Repeat:
		if m, ok := t.byID.get(in.ID).(*inviteServer); ok {
			return m.repeat(out)
		}
	case Settle:
		if m, ok := t.byID.get(in.ID).(*inviteServer); ok && m.tx.state == Accepted {
			m.tx.message = nil
		}
	case SendOnce:
		return append(out, Send{Flow: in.Flow, Data: t.bytes(in.Request)})
	case Own:
		if m := t.byID.get(in.ID); m != nil {
			m.record().owner = in.Owner
			if m, ok := m.(*inviteServer); ok && in.Tag != "" {
				m.toTag = in.Tag
			}
		}
	case Timeout:
		return t.timeout(now, out)
	case Unreachable:
		return t.unreachable(now, in.Flow, out)
	}
	return out
}

// Deadline returns when Timeout is due next and for which timer; the zero time
// and TimerNone when nothing waits.
func (t *Table) Deadline() (time.Time, Timer) {
	var next time.Time
	which := TimerNone
	for timer := TimerNone + 1; timer < timers; timer++ {
		at := t.resends[timer].Next()
		if e, ok := t.expires[timer].first(); ok {
			at = e.at
		}
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next, which = at, timer
		}
	}
	return next, which
}

// Live returns what the table holds and has dropped so far.
func (t *Table) Live() Counts { return t.counts }

// start begins a client transaction. A request that has no branch of its own
// is a fault of the transaction user's, and fails as if it could not be sent.
func (t *Table) start(now time.Time, in Request, out []Action) []Action {
	t.last++
	tx := record{id: t.last, owner: in.Owner, flow: in.Flow, timers: &t.timers}
	out = append(out, Started{ID: tx.id, Owner: tx.owner})
	key, ok := clientKeyOf(in.Request)
	if _, taken := t.clients[key]; taken || !ok || in.Request.IsAck() {
		return append(out,
			Failed{ID: tx.id, Owner: tx.owner, Reason: TransportFailed},
			Ended{ID: tx.id, Owner: tx.owner})
	}
	tx.message = t.bytes(in.Request)
	if len(tx.message) > SafeSize && in.Flow.Proto == flow.UDP && t.fit != nil {
		tx.message = t.fit(in.Flow, tx.message)
	}
	if in.Request.IsCancel() {
		t.cancel(now, key)
	}

	var m client
	if in.Request.IsInvite() {
		c := &inviteClient{tx: tx, key: key}
		out = c.start(now, out)
		m = c
	} else {
		c := &nonInviteClient{tx: tx, key: key}
		out = c.start(now, out)
		m = c
	}
	t.clients[key] = m
	t.sending[in.Flow] = append(t.sending[in.Flow], tx.id)
	t.add(m)
	return t.settle(m, mark{}, out)
}

// cancel starts the clock of the INVITE that a CANCEL of ours is for.
func (t *Table) cancel(now time.Time, key clientKey) {
	key.method = sip.INVITE
	m, ok := t.clients[key].(*inviteClient)
	if !ok {
		return
	}
	before := m.tx.mark()
	m.cancel(now)
	t.settle(m, before, nil) // sets an alarm at most
}

func (t *Table) respond(now time.Time, in Respond, out []Action) []Action {
	m, ok := t.byID.get(in.ID).(server)
	if !ok || in.Response == nil {
		return out
	}
	a := answer{status: in.Response.StatusCode, data: t.bytes(in.Response)}
	if m.kind() == InviteServer && a.status > sip.StatusTrying {
		a.toTag = token.TagOf(text(in.Response, "To")) // only its machine asks for it
	}
	before := m.record().mark()
	out = m.respond(now, a, out)
	return t.settle(m, before, out)
}

// timeout performs everything due at now, in the order in which it fell due.
func (t *Table) timeout(now time.Time, out []Action) []Action {
	for {
		at, timer := t.Deadline()
		if at.IsZero() || at.After(now) {
			return out
		}
		id, ok := t.resends[timer].Pop(now)
		if !ok {
			e, _ := t.expires[timer].first()
			t.expires[timer].drop()
			id = e.id
		}
		m := t.byID.get(id)
		if m == nil {
			continue
		}
		before := m.record().mark()
		out = m.due(now, out)
		out = t.settle(m, before, out)
		t.trim(timer)
	}
}

// unreachable ends what still depends on f, oldest first.
func (t *Table) unreachable(now time.Time, f flow.Flow, out []Action) []Action {
	waiting := t.sending[f]
	ebb.Delete(&t.sending, &t.most.sending, f)
	for _, id := range waiting {
		m, ok := t.byID.get(id).(client)
		if !ok || !m.sending() {
			continue
		}
		before := m.record().mark()
		out = m.unreachable(out)
		out = t.settle(m, before, out)
	}
	return out
}

func (t *Table) add(m machine) {
	t.byID.put(m.record().id, m)
	t.counts.Live[m.kind()]++
}

// mark is what the table compares after a step.
type mark struct {
	resendAt  time.Time
	expireBy  Timer
	lingering bool
}

func (r *record) mark() mark {
	return mark{resendAt: r.resendAt, expireBy: r.expireBy, lingering: r.lingering}
}

// settle brings the table's alarms, counts and maps in line with a machine
// that has just been stepped.
func (t *Table) settle(m machine, before mark, out []Action) []Action {
	r := m.record()
	if r.lingering && !before.lingering {
		t.counts.Live[m.kind()]--
		t.counts.Lingering++
	}
	if !r.resendAt.Equal(before.resendAt) {
		t.resends[resendTimer(m.kind())].Set(r.id, r.resendAt)
	}
	if r.rearmed {
		r.rearmed = false
		t.expires[r.expireBy].push(entry{at: r.expireAt, id: r.id})
	}
	if r.state == Terminated {
		t.remove(m)
		if !r.private {
			out = append(out, Ended{ID: r.id, Owner: r.owner})
		}
	}
	// Only the alarm of the machine that was stepped can have become false.
	if e, ok := t.expires[before.expireBy].first(); ok && e.id == r.id {
		t.trim(before.expireBy)
	}
	return out
}

func (t *Table) remove(m machine) {
	r := m.record()
	t.byID.remove(r.id)
	if r.lingering {
		t.counts.Lingering--
	} else {
		t.counts.Live[m.kind()]--
	}
	switch m := m.(type) {
	case *inviteClient:
		ebb.Delete(&t.clients, &t.most.clients, m.key)
		t.trimSending(r.flow)
	case *nonInviteClient:
		ebb.Delete(&t.clients, &t.most.clients, m.key)
		t.trimSending(r.flow)
	case *inviteServer:
		ebb.Delete(&t.servers, &t.most.servers, m.key)
	case *nonInviteServer:
		ebb.Delete(&t.servers, &t.most.servers, m.key)
	}
}

// trim drops the alarms at the front of a timer's queue that no transaction
// carries any longer, so that Deadline never names a false one.
func (t *Table) trim(timer Timer) {
	q := &t.expires[timer]
	for e, ok := q.first(); ok; e, ok = q.first() {
		if m := t.byID.get(e.id); m != nil {
			if r := m.record(); r.expireBy == timer && r.expireAt.Equal(e.at) {
				return
			}
		}
		q.drop()
	}
}

func (t *Table) trimSending(f flow.Flow) {
	ids := t.sending[f]
	for len(ids) > 0 {
		if m, ok := t.byID.get(ids[0]).(client); ok && m.sending() {
			break
		}
		ids = ids[1:]
	}
	if len(ids) == 0 {
		ebb.Delete(&t.sending, &t.most.sending, f)
		return
	}
	t.sending[f] = ids
}

// resendTimer is the backing-off timer of a machine.
func resendTimer(k Kind) Timer {
	switch k {
	case InviteClient:
		return TimerA
	case NonInviteClient:
		return TimerE
	case InviteServer:
		return TimerG
	default: // a non-INVITE server answers only when asked
		return TimerNone
	}
}

// bytes serialises m into memory of its own.
func (t *Table) bytes(m sip.Message) []byte {
	t.buf.Reset()
	m.StringWrite(&t.buf)
	return bytes.Clone(t.buf.Bytes())
}
