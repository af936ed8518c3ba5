package leg

// OverMTU is what is done with a request over 1,300 bytes.
type OverMTU uint8

// The ways. No peer is reached over TCP where its flow is UDP, so that
// TCPOverMTU ends in fragments as well.
const (
	FragmentOverMTU OverMTU = iota
	TrimOverMTU
	TCPOverMTU
)

// String returns the way's name.
func (o OverMTU) String() string {
	return [...]string{"fragments", "trimmed", "fragments, for want of TCP"}[o]
}
