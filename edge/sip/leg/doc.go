// Package leg is one party of a call: a transaction user (RFC 3261 §5) that
// joins transactions, one dialog (or several early ones) and offer/answer into
// a machine with few words.
//
// Commands come from the application above (border or core): Dial, Ring,
// Answer, Acknowledge, Reoffer, AnswerOffer, RefuseOffer, HangUp, and Ask and
// Respond for whatever else is sent inside a dialog. Events go back to it:
// Progressed, Answered, Acked, Offered, OfferWithdrawn, Agreed, OfferRefused,
// Asked, Replied, Ended. Below, it takes what the transaction table hands up and
// returns what the table shall do.
//
// The application hears Ended exactly once per leg, as soon as the call is
// over for it; the leg itself lives on until its last transaction is settled
// and then says Gone. So the application never sees a CANCEL that met a 200, a
// crossing BYE, or a lost ACK: those are settled here. A leg in Ending waits for
// the answer to its BYE, and to a re-INVITE of its own that was under way.
//
// Snapshot writes a leg as plain data, RestoreLeg makes one that goes on from it.
//
// An offer in an unreliable 18x is none (RFC 3261 §13.2.1), and answers in 18x of
// several branches stay apart: each early dialog has a copy of the session.
//
// Reliable provisional responses end at the leg (RFC 3262): it numbers, repeats and
// acknowledges them, one at a time, and holds a 2xx back that has to wait for a
// PRACK. Offers in UPDATE and PRACK are Offered like those of re-INVITEs
// (RFC 3311); the state of offer and answer is the dialog's, not a transaction's.
//
//	UAC   Calling ─1xx→ Proceeding ─2xx→ Confirmed ─BYE→ Ending → Over
//	         │              │     └2xx with offer→ Acknowledging ─Acknowledge→ Confirmed
//	         └──HangUp──────┴→ Cancelling ─487→ Over, ─2xx→ ACK, BYE → Ending
//	UAS   Arrived ─Answer→ Accepted ─ACK→ Confirmed ─BYE→ Ending → Over
//	         └─HangUp (final response), CANCEL (487)→ Over
package leg
