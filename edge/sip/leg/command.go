package leg

import (
	"net/netip"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/transaction"
	"sekisho/media/relay"
)

// ID names a leg of one shard for its whole life; zero is none. It is what
// the transaction table carries as its owner.
type ID = transaction.Owner

// Media is our side of a leg's session: where we receive and what we can
// speak. Whether it is written as an offer or an answer is the leg's to know.
type Media struct {
	Addr      netip.AddrPort
	Caps      sdp.Caps
	Direction relay.Direction
}

// Command is what the application asks of a leg.
type Command interface{ command() }

// Dial sends the INVITE of a new leg.
type Dial struct {
	Flow flow.Flow
	// CallID is new for this leg; both legs of a call share its bucket.
	CallID string
	// Target is the Request-URI. From and To are whole values without tag.
	Target, From, To string
	MaxForwards      int
	// Headers follow the leg's own; an application never adds one of those.
	Headers []sip.Header
	// Media makes the offer; nil sends an INVITE without one.
	Media *Media
	// Reasons says whether the peer is told causes where the leg ends by itself.
	Reasons cause.Telling
	// Mark, behind a dot, ends the branch of the INVITE (RFC 3261 §8.1.1.7: the
	// rest of a branch is the element's own): the application knows its own Via
	// again where the request comes back. It is letters and digits.
	Mark string
}

// Ring sends a provisional response, 180 to 199. Media answers the offer
// early; it may be repeated, and the 2xx repeats the same answer. Where the INVITE
// had no offer Media makes one, if the response is reliable.
type Ring struct {
	Status  int
	Headers []sip.Header
	Media   *Media
	// Reliable asks for a PRACK of a peer that knows them (RFC 3262), beyond
	// what it requires or the terms do.
	Reliable bool
}

// Answer sends 200. Media answers the INVITE's offer, or makes one where the
// INVITE had none (then Acked brings the answer); nil repeats what Ring said.
// Once a reliable provisional response has settled the session Media is not
// asked. The 200 waits for the PRACK of a description (RFC 3262 §3), and never
// leaves if the call ends before: Ended says so.
type Answer struct {
	Headers []sip.Header
	Media   *Media
	// Reasons is as in Dial.
	Reasons cause.Telling
}

// Acknowledge sends what was held back because the response carried the offer,
// answered by Media: the ACK of a 2xx (RFC 3261 §13.2.2.4), the PRACK of a
// reliable provisional response (RFC 3262 §5).
type Acknowledge struct{ Media Media }

// Reoffer sends a re-INVITE with a new offer, or an UPDATE before the INVITE is
// answered (RFC 3311 §5.1): then only where a reliable response has settled the
// session.
type Reoffer struct {
	Media   Media
	Headers []sip.Header
}

// AnswerOffer accepts the peer's offer of a re-INVITE, UPDATE or PRACK, or makes
// one where the re-INVITE had none.
type AnswerOffer struct{ Media Media }

// RefuseOffer refuses it; the session stays as it was (RFC 3261 §14.2, RFC 3311
// §5.2).
type RefuseOffer struct{ Status int }

// HangUp ends the leg whatever its state: the final response (Cause.Status, or
// 480), CANCEL as soon as the RFC allows, or BYE.
type HangUp struct {
	Cause cause.Cause
	// Reasons withheld, the Reason is whatever Headers say.
	Reasons cause.Telling
	Headers []sip.Header
}

func (Dial) command()        {}
func (Ring) command()        {}
func (Answer) command()      {}
func (Acknowledge) command() {}
func (Reoffer) command()     {}
func (AnswerOffer) command() {}
func (RefuseOffer) command() {}
func (HangUp) command()      {}

// Event is what a leg tells the application.
type Event interface{ event() }

// Progressed is a provisional response, 100 included. Negotiated is set when it
// carried the answer (early media), Offer when it was reliable and carried the
// offer: then the application must Acknowledge (or HangUp). 199 says that one
// branch is over, and nothing of the call.
type Progressed struct {
	Status     int
	Response   *sip.Response
	Negotiated *sdp.Negotiated
	Offer      *sdp.Description
}

// Authorised is a message of the callee's network that says anew whether early media
// may be heard, where no response to the INVITE and no offer does: an UPDATE, or a
// 2xx to an UPDATE or a PRACK (RFC 5009 §5, §8).
type Authorised struct{ Message sip.Message }

// Answered is the 2xx that won. Offer is set instead of Negotiated when it
// carried the offer: the application must Acknowledge (or HangUp).
type Answered struct {
	Response   *sip.Response
	Negotiated *sdp.Negotiated
	Offer      *sdp.Description
}

// Acked is the ACK for our 2xx. Negotiated is set when the ACK brought the
// answer to our offer.
type Acked struct{ Negotiated *sdp.Negotiated }

// Offered is an offer of the peer's, in a re-INVITE, an UPDATE or a PRACK: the
// application answers with AnswerOffer or RefuseOffer. Offer is nil when a
// re-INVITE asks us to offer.
type Offered struct {
	Request *sip.Request
	Offer   *sdp.Description
}

// Agreed reports the session now in force wherever Progressed, Answered and
// Acked do not: our answer has been sent (Ring, Answer, AnswerOffer,
// Acknowledge), a PRACK has brought the peer's, or a re-INVITE of either side was
// settled by its answer.
type Agreed struct{ Negotiated sdp.Negotiated }

// OfferWithdrawn reports that the peer cancelled the re-INVITE of the last
// Offered; the session stays as it was.
type OfferWithdrawn struct{}

// OfferRefused reports that a Reoffer came to nothing: the peer refused it, or
// another offer was in the way (491). The session stays as it was. After 491,
// and after a 500 that says when, Retry is how long to wait before the next try
// (RFC 3261 §14.1, §14.2), otherwise zero.
type OfferRefused struct {
	Status int
	Retry  time.Duration
}

// Ended says that the leg is over and why: the last event of each leg. Message
// is the peer's final response or BYE, or nil. Unanswered says that the peer's
// INVITE got no 2xx, also where Answer was asked for.
type Ended struct {
	Cause      cause.Cause
	Message    sip.Message
	Unanswered bool
}

func (Progressed) event()     {}
func (Answered) event()       {}
func (Authorised) event()     {}
func (Acked) event()          {}
func (Offered) event()        {}
func (Agreed) event()         {}
func (OfferWithdrawn) event() {}
func (OfferRefused) event()   {}
func (Ended) event()          {}

// Action is what a leg returns: work for the transaction table, an event for
// the application, or its own end.
type Action interface{ action() }

// Transact starts a client transaction.
type Transact struct {
	Flow    flow.Flow
	Request *sip.Request
}

// Reply answers a server transaction.
type Reply struct {
	Tx       transaction.ID
	Response *sip.Response
}

// Again repeats the last response of a server transaction.
type Again struct{ Tx transaction.ID }

// Settled says that Again will not come for a 2xx: its ACK is here.
type Settled struct{ Tx transaction.ID }

// Once sends a request outside any transaction: the ACK for a 2xx. Data may
// be sent again.
type Once struct {
	Flow flow.Flow
	Data []byte
}

// Tell hands an event up.
type Tell struct{ Event Event }

// Gone says that the leg has nothing left to do: its owner forgets it.
type Gone struct{}

func (Transact) action() {}
func (Reply) action()    {}
func (Again) action()    {}
func (Settled) action()  {}
func (Once) action()     {}
func (Tell) action()     {}
func (Gone) action()     {}
