package srtp

// Fault says why a packet was not opened.
type Fault uint8

// The faults.
const (
	None Fault = iota
	// Malformed is no RTP or RTCP header (RFC 3550 §5.1, §6.4.1).
	Malformed
	// Unauthentic is what the key does not authenticate, plain RTP among it.
	Unauthentic
	// Replayed is an index that has been taken, or is older than the window.
	Replayed
	// Crowded is one SSRC more than a key is kept state for.
	Crowded
)

// String names the fault.
func (f Fault) String() string {
	switch f {
	case None:
		return "none"
	case Malformed:
		return "malformed"
	case Unauthentic:
		return "unauthentic"
	case Replayed:
		return "replayed"
	case Crowded:
		return "crowded"
	}
	return "unknown"
}
