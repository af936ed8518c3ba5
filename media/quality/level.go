package quality

import "sekisho/media/g711"

// Law is how a payload's octets are to be read.
type Law uint8

// The laws of G.711.
const (
	Mu Law = iota
	A
)

const (
	// everyth is how many audio packets pass for each that is listened to.
	everyth = 16
	// silent is the mean square of -50 dBm0: a full-scale sine, +3.17 dBm0, has
	// an effective value of 22,715.
	silent = 50 * 50
)

// level tells how much of a stream is silence.
type level struct {
	sampled, silent uint32
	count           uint8
}

func (l *level) listen(payload []byte, law Law) {
	if l.count++; l.count < everyth || len(payload) == 0 {
		return
	}
	l.count = 0
	sum := int64(0)
	for _, octet := range payload {
		x := int64(g711.MuSample(octet))
		if law == A {
			x = int64(g711.ASample(octet))
		}
		sum += x * x
	}
	l.sampled++
	if sum < silent*int64(len(payload)) {
		l.silent++
	}
}
