// Package quality measures one received RTP stream, and says what a listener
// would think of it.
//
// Stream counts the way RFC 3550 Appendix A asks: extended sequence numbers
// (A.1), packets lost (A.3) and interarrival jitter (A.8), and beside them what
// the RFC leaves out: packets that came late and packets that came twice, told
// apart by a window of the last 64 sequence numbers; bursts and gaps as RFC 3611
// defines them; the longest wait for a packet, how waits are spread, the
// sender's clock against ours, its packet length, its DSCP, and how much of what
// it sends is silence.
//
//	number 1000 … 937 936 935 …
//	       └─ window ─┘ └─ decided: received, or lost for good ─▶ bursts, scores
//
// A number is decided when it leaves the window, so that a packet which is only
// late is never taken for lost. Totals decides what is left in a copy.
//
// Score turns what an interval has shown into the E-model's rating and mean
// opinion score (ITU-T G.107), least, average and last, and says which interval
// was the worst.
//
// All of it are plain values with no clock of their own. A new SSRC or a jump of
// the sequence number begins a new segment, so that a transfer at the far side
// is not reported as thousands of lost packets. Comfort noise and silence are
// no loss either, because a silent sender does not consume numbers; and where a
// timestamp leaps ahead of its number, the wait before it was a pause.
package quality
