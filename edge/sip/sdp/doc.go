// Package sdp speaks SDP (RFC 8866) with a SIP trunk and keeps the
// offer/answer state (RFC 3264, RFC 6337) of one leg.
//
// # Reading
//
// [Parse] keeps every line as it came and is lenient where trunks are: bare
// LF, a missing s= or o=, an origin user with spaces, lines in any order,
// lines it does not know, session-level attributes that belong to a stream,
// m=image. It is strict where a wrong guess would send media astray: numbers
// of an m= line. Lines, streams and formats are bounded. [Description.Audio]
// is what a G.711 call needs to know of it.
//
// # Writing
//
// What leaves is always built from our own description: address, origin,
// payload types and direction of this leg. The two legs of a call share
// values ([Caps.Restrict], [Caps.Follow], a direction), never text, so
// nothing of one peer's description reaches the other peer. A peer sees only
// what RFC 3264 §6 owes it: as many m= lines as it offered, each with its own
// media type, protocol and, where accepted, its own payload types.
//
// # Keys
//
// Where [Secure] allows, the media of a leg is SRTP, keyed by a=crypto lines
// (RFC 4568). Optional is RTP/AVP with keys (RFC 8643): who does not know them
// answers plainly. Required is RTP/SAVP, and keys in every answer. Lines that
// cannot be done exactly as they say count as none. What was agreed with keys is
// never agreed without: a re-offer or an answer that has lost its keys, or has
// others than it may, is refused (ErrSecurity). Keys are of one leg; the legs of
// a call share none.
//
// With a certificate of ours the keys may come by DTLS instead (RFC 5763, RFC
// 8842): SDP then holds no key but the fingerprints of both certificates, who
// begins the handshake, and which association it is. We answer as server where
// we may. What was agreed by DTLS is never agreed with keys in SDP, nor the other
// way round.
//
// # Two legs of one call
//
//	A's offer  ──RemoteOffer──▶ leg A
//	caps of B .Restrict(A's offer) ──Offer──▶ leg B ──▶ B
//	B's answer ──RemoteAnswer──▶ leg B, Negotiated
//	caps of A .Follow(B's Negotiated) ──Answer──▶ leg A ──▶ A
//
// # State of one leg
//
//	        Offer                    RemoteAnswer
//	Idle ──────────▶ LocalOffer  ─────────────────▶ Stable ◀─┐
//	 │                                                │  │   │ the answer again,
//	 │  RemoteOffer                 Answer            │  └───┘ until Settle
//	 └─────────────▶ RemoteOffer ─────────────────▶ Stable
//
// A failed re-offer is taken back by [Session.Rollback]: the session keeps
// what it had (RFC 3264 §8, RFC 6141). A [Session] is plain data, so it can be
// copied for each early dialog of a forked INVITE and carried over a restart.
package sdp
