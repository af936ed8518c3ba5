// Package port leases RTP/RTCP port pairs that are bound already, so that no
// session description ever names a port that could not be opened, and no call
// waits for a bind.
//
//	candidates ──Grow──▶ fresh ──Lease──▶ leased ──Return──▶ resting ──┐
//	 (random order)                         ▲                          │
//	     ▲                                  └──── oldest first, 30 s ──┤
//	     └─────────── Closed ◀── the owner closes ◀─────── Shrink ─────┘
//
// Ports are even for RTP and the next one for RTCP (RFC 3550 §11), in random
// order, so that a stranger cannot tell the next call's port from the last
// one's. A pair that comes back stays bound and rests, while its owner drains
// it, for 30 s; when nothing else is left the rest shrinks, never below 2 s,
// and each time that is counted. A peer that still sends into a call that is
// over therefore meets nobody; the wall behind is the latch of media/relay.
//
// A pool grows with what is asked for, and what is too much is closed once it
// has rested: 30 s after the last call the pool is as large as it began. The
// ports that were closed go behind all other candidates.
//
// A Pool opens nothing by itself and reads no clock: binding is a function
// passed in, and so is now.
package port
