package keys

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// tone is an event as a receiver makes it of packets.
type tone struct {
	key    byte
	ended  bool
	ts     uint32
	at     time.Duration // its first packet
	lasted time.Duration
}

func (t tone) over() time.Duration { return t.at + t.lasted }

func (t tone) String() string { return fmt.Sprintf("%c %v for %v", t.key, t.at, t.lasted) }

// sound is a packet of the sender's audio. shift is from its time to ours.
type sound struct {
	at        time.Duration
	ts, shift uint32
}

// receiver reads what left as RFC 3550 and RFC 4733 would have it.
type receiver struct {
	tones []tone
	audio []sound
	ts    map[uint16]uint32 // by sequence number
	order []uint16
}

const keyOf = "0123456789*#"

func (rc *receiver) take(s Sent) error {
	if len(s.Data) < header || s.Data[0] != 2<<6 || binary.BigEndian.Uint32(s.Data[8:]) != 0xbead {
		return errors.New("no packet of the stream")
	}
	seq, ts := binary.BigEndian.Uint16(s.Data[2:]), binary.BigEndian.Uint32(s.Data[4:])
	if before, ok := rc.ts[seq]; ok && before != ts {
		return fmt.Errorf("number %d is used twice", seq)
	}
	rc.ts[seq] = ts
	rc.order = append(rc.order, seq)
	body := s.Data[header:]
	if s.Data[1]&0x7f == EventType {
		return rc.event(s, ts, body)
	}
	if s.Data[1]&0x7f != AudioType {
		return fmt.Errorf("payload type %d", s.Data[1]&0x7f)
	}
	if len(bytes.Trim(body, "\xff")) > 0 {
		rc.audio = append(rc.audio, sound{s.At, ts, ts - binary.BigEndian.Uint32(body)})
	}
	return nil
}

func (rc *receiver) event(s Sent, ts uint32, body []byte) error {
	if len(body) != 4 || int(body[0]) >= len(keyOf) {
		return fmt.Errorf("event %x", body)
	}
	key, ended := keyOf[body[0]], body[1]&0x80 != 0
	lasted := time.Duration(binary.BigEndian.Uint16(body[2:])) * ms / rate
	for i := range rc.tones {
		t := &rc.tones[i]
		if t.ts != ts {
			continue
		}
		if t.key != key {
			return fmt.Errorf("%c and %c at one timestamp", key, t.key)
		}
		t.lasted, t.ended = max(t.lasted, lasted), t.ended || ended
		return nil
	}
	if n := len(rc.tones); n > 0 && int32(ts-rc.tones[n-1].ts-units(rc.tones[n-1].lasted)) < 0 {
		return fmt.Errorf("%c begins %d units before the end of what was heard", key, -int32(ts-rc.tones[n-1].ts-units(rc.tones[n-1].lasted)))
	}
	rc.tones = append(rc.tones, tone{key: key, ended: ended, ts: ts, at: s.At, lasted: lasted})
	return nil
}

// numbers checks that each number follows the one before, or that as many are
// missing at most as were lost or overtaken on the way to us.
func (rc *receiver) numbers(sent, arrivals []Packet) error {
	excuse, disorder := 0, false
	came := map[uint16]bool{}
	newest := uint16(0)
	for i, a := range arrivals {
		seq := binary.BigEndian.Uint16(a.Data[2:])
		if came[seq] || i > 0 && int16(seq-newest) < 0 {
			disorder = true
			excuse++
		} else {
			newest = seq
		}
		came[seq] = true
	}
	excuse += len(sent) - len(came)
	missing := 0
	for i, seq := range rc.order[:max(len(rc.order), 1)-1] {
		ahead := int16(rc.order[i+1] - seq)
		if ahead != 1 && excuse == 0 {
			return fmt.Errorf("number %d follows %d", rc.order[i+1], seq)
		}
		if ahead <= 0 && !disorder {
			return fmt.Errorf("number %d behind %d, and all came in order", rc.order[i+1], seq)
		}
		missing += int(ahead) - 1
	}
	if len(rc.order) > 0 {
		missing = int(rc.order[len(rc.order)-1]-rc.order[0]) + 1 - len(rc.ts)
	}
	if missing > excuse {
		return fmt.Errorf("%d numbers are missing, %d packets were lost or overtaken", missing, excuse)
	}
	return nil
}
