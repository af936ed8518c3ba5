package carrier

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/pion/rtp"

	"sekisho/edge/lab/audio"
	"sekisho/media/relay"
)

// A lean exchange keeps nothing that grows: of sound only how much came, of
// calls only those that stand. Its subscribers do not speak, they say their
// name: each packet repeats it, so that whoever hears one knows whose it is
// without correlating anything. It takes µ-law alone, which a relay passes as it
// is.
const nameLength = 8

// named begins every name; no announcement, tone or silence repeats these.
var named = [...]byte{0x5e, 0x81}

// name is the sound of a voice.
func name(voice uint64) []byte {
	b := binary.BigEndian.AppendUint64(nil, voice)
	copy(b, named[:])
	return b
}

// nameIn returns whose sound a packet is, 0 if nobody's.
func nameIn(payload []byte) uint64 {
	if len(payload) < 2*nameLength || !bytes.HasPrefix(payload, named[:]) || !bytes.Equal(payload[:nameLength], payload[nameLength:2*nameLength]) {
		return 0
	}
	return binary.BigEndian.Uint64(payload) << 16 >> 16
}

// sound takes a packet of the codec agreed.
func (m *media) sound(e *ear, codec relay.Codec, p *rtp.Packet) {
	if !m.lean {
		e.track.Add(audio.Packet{SSRC: p.SSRC, Timestamp: p.Timestamp, Codec: codec, Payload: p.Payload})
		return
	}
	e.counted += time.Duration(len(p.Payload)) * time.Second / audio.Rate
	e.Voice = nameIn(p.Payload)
}

// Hears returns nil once the last that was heard in talk is the voice. It is for
// lean exchanges, and fails as Listen does.
func (c *Call) Hears(ctx context.Context, voice uint64) error {
	if c.media == nil {
		return fmt.Errorf("%w: it never had media", ErrEnded)
	}
	for {
		rung := c.bell.next()
		heard := c.media.lastVoice()
		switch {
		case heard == voice:
			return nil
		case c.Result().State == Ended:
			return fmt.Errorf("%w: heard %d last, not %d", ErrEnded, heard, voice)
		}
		select {
		case <-rung:
		case <-ctx.Done():
			return fmt.Errorf("heard %d last, not %d: %w", heard, voice, context.Cause(ctx))
		}
	}
}

func (m *media) lastVoice() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ear[Talk].Voice
}

// forget takes a call that is over off the list.
func (e *Exchange) forget(c *Call) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls = slices.DeleteFunc(e.calls, func(other *Call) bool { return other == c })
}
