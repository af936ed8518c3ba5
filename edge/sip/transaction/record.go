package transaction

import (
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/token"
)

// State is a state of one of the four machines, by its RFC name. Each machine
// uses some of them; its diagram stands above its type.
type State uint8

// The states of RFC 3261 §17 and RFC 6026 §7.
const (
	Calling State = iota
	Trying
	Proceeding
	Accepted
	Completed
	Confirmed
	Terminated
)

// String returns the RFC's name.
func (s State) String() string {
	switch s {
	case Calling:
		return "Calling"
	case Trying:
		return "Trying"
	case Proceeding:
		return "Proceeding"
	case Accepted:
		return "Accepted"
	case Completed:
		return "Completed"
	case Confirmed:
		return "Confirmed"
	case Terminated:
		return "Terminated"
	}
	return "?"
}

// Kind tells the four machines apart.
type Kind uint8

// The machines of RFC 3261 §17.1.1, §17.2.1, §17.1.2 and §17.2.2.
const (
	InviteClient Kind = iota
	InviteServer
	NonInviteClient
	NonInviteServer
	kinds
)

// machine is what the table asks of each of the four.
type machine interface {
	kind() Kind
	record() *record
	// due performs whatever is due at now: the end before a retransmission,
	// so that a late loop does not send what it is about to give up.
	due(now time.Time, out []Action) []Action
}

// client is a client transaction.
type client interface {
	machine
	answered(now time.Time, res *sip.Response, out []Action) []Action
	// sending reports whether the machine still depends on its request going
	// out, so that an unreachable flow ends it.
	sending() bool
	unreachable(out []Action) []Action
}

// server is a server transaction.
type server interface {
	machine
	// repeated answers a retransmission of the request.
	repeated(out []Action) []Action
	respond(now time.Time, a answer, out []Action) []Action
}

// answer is a transaction user's response, serialised.
type answer struct {
	status int
	toTag  token.Tag
	data   []byte
}

// record is what every machine keeps.
type record struct {
	id     ID
	owner  Owner
	flow   flow.Flow
	timers *Timers

	// message is sent again when asked for: a client's request or ACK, a
	// server's last response.
	message []byte

	// resendAt is when timer A, E or G is due; interval is what it waited.
	resendAt time.Time
	interval time.Duration
	// expireAt is when the fixed timer expireBy is due.
	expireAt time.Time
	expireBy Timer

	state State
	// lingering is set once the transaction only absorbs stragglers.
	lingering bool
	// rearmed tells the table to queue expireAt.
	rearmed bool
	// private marks a transaction that the transaction user never heard of.
	private bool
}

// send puts the kept message on the wire.
func (r *record) send(out []Action) []Action {
	if r.message == nil {
		return out
	}
	return append(out, Send{Flow: r.flow, Data: r.message})
}

// resendAfter sets the backing-off timer; zero stops it.
func (r *record) resendAfter(now time.Time, d time.Duration) {
	r.interval = d
	r.resendAt = time.Time{}
	if d > 0 {
		r.resendAt = now.Add(d)
	}
}

// expireAfter sets the machine's fixed timer, in place of the one it had.
func (r *record) expireAfter(now time.Time, timer Timer) {
	r.expireAt = now.Add(r.timers.delay(timer, r.flow.Proto))
	r.expireBy = timer
	r.rearmed = true
}

// stop stops both timers.
func (r *record) stop() {
	r.resendAfter(time.Time{}, 0)
	r.expireAt, r.expireBy, r.rearmed = time.Time{}, TimerNone, false
}

// linger enters s to absorb stragglers until timer fires; a timer of zero
// length ends the transaction there and then.
func (r *record) linger(now time.Time, s State, timer Timer) {
	r.stop()
	r.lingering = true
	r.state = s
	if r.timers.delay(timer, r.flow.Proto) == 0 {
		r.terminate()
		return
	}
	r.expireAfter(now, timer)
}

func (r *record) terminate() {
	r.stop()
	r.state = Terminated
	r.message = nil
}

func (r *record) fail(why Failure, out []Action) []Action {
	r.terminate()
	return append(out, Failed{ID: r.id, Owner: r.owner, Reason: why})
}

func (r *record) expired(now time.Time) bool {
	return !r.expireAt.IsZero() && !r.expireAt.After(now)
}

func (r *record) resendDue(now time.Time) bool {
	return !r.resendAt.IsZero() && !r.resendAt.After(now)
}
