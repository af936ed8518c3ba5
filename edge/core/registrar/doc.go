// Package registrar knows where phones are: it authenticates REGISTER
// (RFC 3261 §10.3, digest as in RFC 7616 and RFC 8760) and keeps each
// account's bindings. It is a machine: what it returns, its core sends.
//
//	REGISTER ─▶ Screen ── no answer to a challenge of ours ─▶ 401, nothing kept
//	              │   └── banned ─▶ silence
//	              ▼
//	            Handle ── wrong ─▶ 401, counted against the source
//	              │   └── nonce used before ─▶ 401 stale=true
//	              ▼
//	            bindings ─▶ 200 with all contacts, 423, 400 or 500
//
// A nonce is a time, a random number and a MAC over both, the algorithm, the
// realm and the source's address: it is checked without being remembered, so
// that only a source that has received a challenge where it says it is can make
// the registrar, or the transaction table, keep anything. Nonce counts are kept
// from a nonce's first success on, per account and bounded.
//
// An account that does not exist, a wrong password and a domain that is not
// ours get the same answer after the same work: the realm of a challenge is the
// domain that was asked for.
//
// Failures are counted per source address (per /64 of IPv6). At the limit the
// source is banned: its REGISTERs are dropped without a word for a while. A
// phone that is registered is spared, as far as its own account and flow go, so
// that one bad neighbour behind a NAT does not put out a whole office, and a
// registered phone cannot go on guessing other accounts' passwords.
//
// A binding belongs to the flow its REGISTER came by: that is where the phone
// is reached, whatever address its Contact names (NAT); the Contact is only
// what the Request-URI says.
package registrar
