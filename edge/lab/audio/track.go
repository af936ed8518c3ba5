package audio

import (
	"time"

	"sekisho/media/g711"
	"sekisho/media/relay"
)

// Rate is the number of samples per second everywhere in this package.
const Rate = 8000

const (
	// jump is the timestamp step, in samples, beyond which a stream is taken
	// to have started afresh rather than to have lost packets.
	jump = 5 * Rate
	// capacity bounds a track to ten minutes.
	capacity = 600 * Rate
)

// Track lays the RTP packets that one party received on a time line: lost
// packets leave silence of their own length, reordered and repeated ones fall
// into place. A new SSRC or a jump of the timestamp by more than 5 s goes on
// where the track ends. The zero Track is ready; what lies beyond ten minutes
// is not kept. It belongs to one goroutine.
type Track struct {
	pcm     []int16
	ssrc    uint32
	origin  uint32 // timestamp of pcm[start]
	start   int
	packets int
}

// Packet is the part of an RTP packet that can be heard.
type Packet struct {
	SSRC      uint32
	Timestamp uint32 // RFC 3550 §5.1, in samples
	Codec     relay.Codec
	Payload   []byte
}

// Add puts p on the time line. The payload is not kept.
func (t *Track) Add(p Packet) {
	at := t.position(p)
	end := at + len(p.Payload)
	if at < t.start || end > capacity {
		return
	}
	t.packets++
	if end > len(t.pcm) {
		t.pcm = append(t.pcm, make([]int16, end-len(t.pcm))...)
	}
	if p.Codec == relay.PCMA {
		g711.DecodeA(t.pcm[at:], p.Payload)
		return
	}
	g711.DecodeMu(t.pcm[at:], p.Payload)
}

// position returns the sample that p begins at, starting a stretch of the
// track where p does not continue the current one.
func (t *Track) position(p Packet) int {
	at := t.start + int(int32(p.Timestamp-t.origin))
	apart := max(at-len(t.pcm), len(t.pcm)-at)
	if t.packets > 0 && p.SSRC == t.ssrc && apart <= jump {
		return at
	}
	t.ssrc, t.origin, t.start = p.SSRC, p.Timestamp, len(t.pcm)
	return t.start
}

// PCM returns everything heard so far, as linear samples. It is valid until
// the next Add.
func (t *Track) PCM() []int16 { return t.pcm }

// Packets returns how many packets the track was made of.
func (t *Track) Packets() int { return t.packets }

// Duration returns the length of the time line, losses included.
func (t *Track) Duration() time.Duration { return seconds(len(t.pcm)) }

// Decode returns the linear samples of a mu-law clip, such as prompt.Set
// holds and Voice makes.
func Decode(ulaw []byte) []int16 {
	pcm := make([]int16, len(ulaw))
	g711.DecodeMu(pcm, ulaw)
	return pcm
}

func seconds(samples int) time.Duration { return time.Duration(samples) * time.Second / Rate }
