package scenario

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/pion/rtp"

	"sekisho/media/relay"
)

// press presses keys, a tenth of a second each with as much between them:
// press WHO 12#.
func (p *play) press(c command) (string, error) {
	k, err := p.who(c.word(0), func(k *call) bool { return k.speaks() && k.session.EventOut != relay.NoPayload })
	if err != nil {
		return "", err
	}
	for i := range len(c.word(1)) {
		event := strings.IndexByte(keys, c.word(1)[i])
		if event < 0 {
			return "", fmt.Errorf("no key %q", c.word(1)[i])
		}
		k.pressed = append(k.pressed, byte(event))
	}
	return "", nil
}

// keys are the events 0 to 15 of RFC 4733 §3.2.
const keys = "0123456789*#ABCD"

// The lengths of a key and of the pause behind it, in packets.
const (
	keyPackets   = 5
	pausePackets = 5
	samples      = 160 // of one packet
)

// key is the state of the key that is being pressed: how many packets of it
// and of the pause behind it have passed.
type key struct {
	passed int
	began  uint32
}

// speakKey says the next packet of the first pressed key in the voice's place
// (RFC 4733 §2.5.1), its end three times; false is a pause.
func (c *call) speakKey() bool {
	k := &c.key
	if k.passed == 0 {
		k.began = c.said
	}
	k.passed++
	if k.passed > keyPackets {
		if k.passed == keyPackets+pausePackets {
			c.pressed, c.key = c.pressed[1:], key{}
		}
		return false
	}
	copies, flags := 1, byte(10) // -10 dBm0
	if k.passed == keyPackets {
		copies, flags = 3, 10|0x80
	}
	data := binary.BigEndian.AppendUint16([]byte{c.pressed[0], flags}, uint16(k.passed*samples))
	for range copies {
		c.send(rtp.Header{PayloadType: uint8(c.session.EventOut), Timestamp: k.began, Marker: k.passed == 1}, data)
	}
	return true
}

// hearEvent takes down a key, once for each timestamp, and how long it lasts.
func (c *call) hearEvent(h rtp.Header, data []byte) {
	if len(data) < 4 || int(data[0]) >= len(keys) {
		return
	}
	n := len(c.digits)
	if n == 0 || c.lastKey != h.Timestamp {
		c.lastKey = h.Timestamp
		c.digits = append(c.digits, digit{key: keys[data[0]]})
		n++
	}
	last := &c.digits[n-1]
	last.samples = max(last.samples, int(binary.BigEndian.Uint16(data[2:])))
}

// digit is a key that was heard.
type digit struct {
	key     byte
	samples int
}

// keysOf writes keys alone, lengthsOf how long each was heard.
func keysOf(digits []digit) string {
	var b strings.Builder
	for _, d := range digits {
		b.WriteByte(d.key)
	}
	return fmt.Sprintf("the keys %q", b.String())
}

func lengthsOf(digits []digit) string {
	if len(digits) == 0 {
		return "no key"
	}
	var list []string
	for _, d := range digits {
		list = append(list, fmt.Sprintf("%c for %d ms", d.key, d.samples/8))
	}
	return strings.Join(list, ", ")
}
