package load

import (
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"
)

// A payload is 20 ms of G.711. Its content is a stamp and noise:
//
//	0   magic       4
//	4   run         4   which trial
//	8   call        4
//	12  direction   1   0 from the caller, 1 from the callee
//	13  noise       3
//	16  position    4   0 for the first packet of the stream
//	20  left        8   nanoseconds of the wall clock
//	28  noise       128
//	156 checksum    4   CRC-32C of all before
const (
	payloadLength = 160
	headerLength  = 12 // of RTP without CSRCs and extensions (RFC 3550 §5.1)
	magic         = 0x5e815b0a
	checksumAt    = payloadLength - 4
)

// payload is what a stream sends, written anew for each packet.
type payload [payloadLength]byte

// stamp is what a payload says.
type stamp struct {
	run, call uint32
	direction side
	position  uint32
	left      int64
}

func newPayload(r *rand.Rand) *payload {
	p := new(payload)
	for i := 0; i < len(p); i += 8 {
		binary.BigEndian.PutUint64(p[i:], r.Uint64())
	}
	return p
}

func (p *payload) write(s stamp) {
	binary.BigEndian.PutUint32(p[0:], magic)
	binary.BigEndian.PutUint32(p[4:], s.run)
	binary.BigEndian.PutUint32(p[8:], s.call)
	p[12] = byte(s.direction)
	binary.BigEndian.PutUint32(p[16:], s.position)
	binary.BigEndian.PutUint64(p[20:], uint64(s.left))
	binary.BigEndian.PutUint32(p[checksumAt:], checksum(p[:checksumAt]))
}

// readStamp returns what b says, or false if it is not what was written.
func readStamp(b []byte) (stamp, bool) {
	if len(b) != payloadLength || binary.BigEndian.Uint32(b) != magic ||
		binary.BigEndian.Uint32(b[checksumAt:]) != checksum(b[:checksumAt]) {
		return stamp{}, false
	}
	return stamp{
		run: binary.BigEndian.Uint32(b[4:]), call: binary.BigEndian.Uint32(b[8:]), direction: side(b[12]),
		position: binary.BigEndian.Uint32(b[16:]), left: int64(binary.BigEndian.Uint64(b[20:])),
	}, true
}

func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }
