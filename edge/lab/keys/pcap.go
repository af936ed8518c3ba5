package keys

import (
	"encoding/binary"
	"time"
)

// PortOf is the UDP port that a stream of AppendPcap is sent to, by its number.
func PortOf(stream int) uint16 { return uint16(20000 + 2*stream) }

// PcapHeader begins a capture file of raw IPv4 packets.
func PcapHeader() []byte {
	const rawIPv4 = 228 // LINKTYPE_IPV4
	b := []byte{0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0}
	b = append(b, make([]byte, 8)...)
	b = binary.LittleEndian.AppendUint32(b, 65535)
	return binary.LittleEndian.AppendUint32(b, rawIPv4)
}

// AppendPcap appends what a line has sent, to a port of its own, beginning at the
// time given.
func AppendPcap(b []byte, stream int, began time.Duration, out []Sent) []byte {
	for _, s := range out {
		at := began + s.At
		n := 20 + 8 + len(s.Data)
		b = binary.LittleEndian.AppendUint32(b, uint32(at/time.Second))
		b = binary.LittleEndian.AppendUint32(b, uint32(at%time.Second/time.Microsecond))
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
		b = append(b, 0x45, 0)
		b = binary.BigEndian.AppendUint16(b, uint16(n))
		b = append(b, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 10, 198, 51, 100, 20)
		b = binary.BigEndian.AppendUint16(b, 40000)
		b = binary.BigEndian.AppendUint16(b, PortOf(stream))
		b = binary.BigEndian.AppendUint16(b, uint16(8+len(s.Data)))
		b = append(b, 0, 0)
		b = append(b, s.Data...)
	}
	return b
}

// Heard returns the keys that should be heard of presses whose packets arrived,
// in order.
func (r Rule) Heard(presses []Press, arrivals []Packet) string {
	var keys []byte
	for _, s := range r.expect(witness(presses, arrivals)) {
		keys = append(keys, s.Key)
	}
	return string(keys)
}
