// Package relay is the behaviour of the media plane: what happens to one RTP
// or RTCP packet. It opens no socket and reads no clock. A packet, its source
// and its arrival time go in, a Verdict comes out, and the packet is rewritten
// in the caller's buffer. Nothing here allocates per packet.
//
// An endpoint has two halves, each a plain value that can be copied:
//
//	        in-half of A                    out-half of B
//	A ───▶ latch → pin → statistics ─────▶ payload type, SSRC, sequence, ───▶ B
//	        (whom do we hear?)              timestamp (one stream, whoever feeds it)
//
// The InHalf belongs to the worker of its socket. The OutHalf belongs to the
// worker of whatever feeds it (another endpoint's in-half, a player, nothing)
// and moves there as a value. B hears a single continuous stream with a single
// SSRC, whether a prompt, peer A or peer C feeds it: a feeder's first packet is
// spliced to the last one sent and carries the marker bit, as the beginning of
// a talkspurt.
//
// Whom an endpoint hears and where it sends is decided by the latch:
//
//   - the source that the session description names is accepted at once;
//   - another source is accepted only within the prefixes of its trunk, only
//     where the endpoint learns at all, and only after four consecutive packets
//     of one SSRC with a negotiated payload type over at least 60 ms;
//   - an accepted source is left only for a different description, for the
//     described source itself, or after two seconds of silence;
//   - nothing is ever sent to an address that is neither described nor accepted.
//
// A digit (RFC 4733) is reported once per key press, at the first packet of it
// that arrives, and its packets are passed on one for one; or they are kept
// (ConsumeKeys), and who hears the peer gets silence in their place, in a stream
// whose numbers and time go on. Pairs of stars can be swallowed (Spec.Stars), and
// where a peer has no telephone-event its keys are heard and said as tones
// (Spec.Inband, Spec.Tones).
//
// RTCP ends here: each endpoint has a session of its own with its peer. What the
// peer reports is read, by the blocks that are about our stream; what we report
// is what this in-half hears and this out-half sends. Loss and delay are so
// known for each side of a call apart. The canonical name is our own, because a
// peer's names hosts behind us, and a BYE ends nothing, because the stream it
// speaks of may go on.
//
// The commands and events that signalling exchanges with the media plane are
// in command.go.
package relay
