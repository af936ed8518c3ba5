// Package srtp protects and opens RTP and RTCP (RFC 3711, RFC 6188, RFC 7714)
// with keys that signalling has exchanged. The transforms are pion/srtp's; what
// they leave open is decided here.
//
// Replays are refused, always, for RTP and RTCP. What is not authentic leaves no
// trace: no state for its SSRC, no step of the rollover counter. Authentic
// streams are bounded too (maxStreams).
//
// A Sender protects one SSRC and never one index twice. Whoever feeds it could
// otherwise make it reuse a key stream, which under AES-GCM gives the
// authentication key away (RFC 7714 §8.4).
//
// The rollover counter belongs to the key: the same key again, as every
// re-INVITE brings it, changes nothing. With another key a Receiver keeps the
// old one until the first packet under the new one has proven authentic:
//
//	  Rekey(other key)          a packet authentic under it
//	current ────────▶ current + next ────────▶ next is current
//	                  both are tried
//
// Packets are worked on in the caller's buffer and nothing is allocated for an
// authentic one. A Sender or Receiver has one owner at a time; it may move to
// another worker as a value does.
//
// A Key prints as the name of its suite, whatever prints it.
package srtp
