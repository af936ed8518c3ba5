package transaction

import (
	"cmp"
	"slices"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/token"
)

// Snapshot is a table's whole state as plain data: values and bytes, times as
// what remains of them. Counters of what was dropped are not part of it.
type Snapshot struct {
	// Last is the last ID given out.
	Last ID
	// Stateless seeds the tags of answers that leave nothing behind.
	Stateless    uint64
	Transactions []Saved // by ID
}

// Saved is one transaction.
type Saved struct {
	Kind  Kind
	State State
	ID    ID
	Owner Owner
	Flow  flow.Flow

	// Branch and Method are the key, on a server with the sent-by in Host
	// (lower case) and Port (zero if absent); the rest of a server's key is in
	// Flow.
	Branch string
	Method sip.RequestMethod
	Host   string
	Port   int

	// Message is sent again when asked for; nil if nothing is.
	Message []byte
	// Interval is what the backing-off timer last waited, ResendIn what remains
	// of it; both mean nothing if Interval is zero.
	Interval, ResendIn time.Duration
	// ExpireBy is the fixed timer that runs, ExpireIn what remains of it.
	ExpireBy Timer
	ExpireIn time.Duration

	Lingering bool
	// Private marks the transaction of a CANCEL, which has no user.
	Private bool
	// Cancelled is an INVITE client's, ToTag an INVITE server's.
	Cancelled bool
	ToTag     string
}

// Snapshot returns the state of the table at now. Messages are shared with the
// table, which never changes them.
func (t *Table) Snapshot(now time.Time) Snapshot {
	s := Snapshot{Last: t.last, Stateless: t.stateless, Transactions: make([]Saved, 0, t.byID.length)}
	t.byID.each(func(m machine) { s.Transactions = append(s.Transactions, save(now, m)) })
	slices.SortFunc(s.Transactions, func(a, b Saved) int { return cmp.Compare(a.ID, b.ID) })
	return s
}

// Restore returns a table that goes on from s at now. Time that passed in
// between does not count. What remains of a timer is cut to the timer's length
// under c, should that have become shorter.
func Restore(now time.Time, c Config, s Snapshot) *Table {
	t := NewTable(c)
	t.last, t.stateless = s.Last, s.Stateless
	// A timer's queue holds its alarms in the order in which they fall due.
	order := slices.Clone(s.Transactions)
	for i := range order {
		if d := t.timers.delay(order[i].ExpireBy, order[i].Flow.Proto); order[i].ExpireIn > d {
			order[i].ExpireIn = d
		}
	}
	slices.SortStableFunc(order, func(a, b Saved) int {
		return cmp.Or(cmp.Compare(a.ExpireIn, b.ExpireIn), cmp.Compare(a.ID, b.ID))
	})
	for i := range order {
		t.restore(now, &order[i])
	}
	for _, ids := range t.sending {
		slices.Sort(ids)
	}
	return t
}

func save(now time.Time, m machine) Saved {
	r := m.record()
	s := Saved{
		Kind: m.kind(), State: r.state, ID: r.id, Owner: r.owner, Flow: r.flow,
		Message: r.message, Interval: r.interval, ExpireBy: r.expireBy,
		Lingering: r.lingering, Private: r.private,
	}
	if !r.resendAt.IsZero() {
		s.ResendIn = r.resendAt.Sub(now)
	}
	if !r.expireAt.IsZero() {
		s.ExpireIn = r.expireAt.Sub(now)
	}
	switch m := m.(type) {
	case *inviteClient:
		s.Branch, s.Method, s.Cancelled = m.key.branch, m.key.method, m.cancelled
	case *nonInviteClient:
		s.Branch, s.Method = m.key.branch, m.key.method
	case *inviteServer:
		s.Branch, s.Method, s.Host, s.Port, s.ToTag = m.key.branch, m.key.method, m.key.host, m.key.port, string(m.toTag)
	case *nonInviteServer:
		s.Branch, s.Method, s.Host, s.Port = m.key.branch, m.key.method, m.key.host, m.key.port
	}
	return s
}

func (t *Table) restore(now time.Time, s *Saved) {
	tx := record{
		id: s.ID, owner: s.Owner, flow: s.Flow, timers: &t.timers, message: s.Message,
		interval: s.Interval, state: s.State, lingering: s.Lingering, private: s.Private,
	}
	if s.Interval > 0 {
		tx.resendAt = now.Add(s.ResendIn)
	}
	if s.ExpireBy != TimerNone {
		tx.expireAt, tx.expireBy, tx.rearmed = now.Add(s.ExpireIn), s.ExpireBy, true
	}
	ck := clientKey{branch: s.Branch, method: s.Method}
	sk := serverKey{
		branch: s.Branch, method: s.Method, host: s.Host, port: s.Port,
		source: s.Flow.Remote.Addr(), listener: s.Flow.Listener,
	}
	switch s.Kind {
	case InviteClient:
		t.restoreClient(&inviteClient{tx: tx, key: ck, cancelled: s.Cancelled}, ck)
	case NonInviteClient:
		t.restoreClient(&nonInviteClient{tx: tx, key: ck}, ck)
	case InviteServer:
		t.restoreServer(&inviteServer{tx: tx, key: sk, toTag: token.Tag(s.ToTag)}, sk)
	case NonInviteServer:
		t.restoreServer(&nonInviteServer{tx: tx, key: sk}, sk)
	}
}

func (t *Table) restoreClient(m client, key clientKey) {
	t.clients[key] = m
	if m.sending() {
		r := m.record()
		t.sending[r.flow] = append(t.sending[r.flow], r.id)
	}
	t.add(m)
	t.settle(m, mark{}, nil) // sets its alarms
}

func (t *Table) restoreServer(m server, key serverKey) {
	t.servers[key] = m
	t.add(m)
	t.settle(m, mark{}, nil)
}
