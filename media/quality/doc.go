// Package quality measures one received RTP stream the way RFC 3550 Appendix A
// asks: extended sequence numbers (A.1), packets lost (A.3) and interarrival
// jitter (A.8), and beside them what the RFC leaves out: packets that came
// late and packets that came twice, told apart by a window of the last 64
// sequence numbers.
//
// A Stream is a plain value with no clock of its own. A new SSRC or a jump of
// the sequence number begins a new segment, so that a transfer at the far side
// is not reported as thousands of lost packets. Comfort noise and silence are
// no loss either, because a silent sender does not consume numbers.
package quality
