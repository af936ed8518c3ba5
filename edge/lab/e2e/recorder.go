package e2e

import (
	"bytes"
	"encoding/binary"
	"math"
	"time"

	"sekisho/edge/lab/audio"
	"sekisho/media/g711"
)

// Segment is a piece of a party's stream: keys, and its voice behind them for
// longer than a trial lasts.
type Segment struct {
	Keys string
	// InBand says that keys are tones in the audio (ITU-T Q.23) and not events of
	// RFC 4733.
	InBand bool
}

// How keys are pressed: long enough, and apart enough, for every carrier's rule,
// and so far apart that no two of them are the ** of SoftBank's handsets.
const (
	keyDown  = 100 * time.Millisecond
	keyApart = 100 * time.Millisecond
	voiceFor = 25 * time.Second
	ptime    = 20 * time.Millisecond
	samples  = 160 // of a packet
)

// silence is one packet of nothing.
func silence() []byte { return bytes.Repeat([]byte{0xff}, samples) }

// voiceOf is what a party says over and over: little, so that it costs little to
// look for.
func voiceOf(seed uint64) []byte { return audio.Voice(seed)[:2*audio.Rate] }

// captures are the files that sipp plays one after the other: a stream with one
// SSRC, whose numbers and timestamps never go back, whenever the next begins.
func captures(segments []Segment, voice uint64) (files [][]byte) {
	said := voiceOf(voice)
	for n, s := range segments {
		// Fewer are missing in between than a receiver takes for a new stream (RFC 3550, A.1).
		w := recorder{sequence: uint16(n * 1500), stamp: uint32(n) * 60 * audio.Rate, ssrc: uint32(voice)<<8 | 0x5e}
		w.header()
		for _, key := range []byte(s.Keys) {
			if s.InBand {
				w.tone(key)
			} else {
				w.event(key)
			}
		}
		for at := 0; w.at < voiceFor; at += samples {
			w.audio(said[at%len(said):][:samples])
		}
		files = append(files, w.file)
	}
	return files
}

// recorder writes RTP into a capture file of Ethernet.
type recorder struct {
	file        []byte
	at          time.Duration
	sequence    uint16
	stamp, ssrc uint32
}

func (r *recorder) header() {
	r.file = append(r.file, 0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0)
	r.file = append(r.file, make([]byte, 8)...)
	r.file = binary.LittleEndian.AppendUint32(r.file, 65535)
	r.file = binary.LittleEndian.AppendUint32(r.file, 1) // LINKTYPE_ETHERNET
}

// audio writes one packet of PCMU.
func (r *recorder) audio(ulaw []byte) {
	r.packet(0, r.stamp, ulaw)
	r.pass(ptime)
}

// tone writes a key as its pair of frequencies, and a pause.
func (r *recorder) tone(key byte) {
	low, high := frequencies(key)
	for n := 0; n < int(keyDown/ptime)*samples; n += samples {
		ulaw := make([]byte, samples)
		for i := range ulaw {
			t := 2 * math.Pi * float64(n+i) / audio.Rate
			ulaw[i] = g711.MuOctet(int16(6000*math.Sin(low*t) + 6000*math.Sin(high*t)))
		}
		r.audio(ulaw)
	}
	for range int(keyApart / ptime) {
		r.audio(silence())
	}
}

// event writes a key as RFC 4733 has it: one timestamp, a growing duration, the
// end three times; and a pause.
func (r *recorder) event(key byte) {
	code := byte(0)
	for i, k := range []byte("0123456789*#") {
		if k == key {
			code = byte(i)
		}
	}
	began, first, n := r.stamp, byte(0x80), int(keyDown/ptime)
	body := func(flags byte, packets int) []byte {
		return binary.BigEndian.AppendUint16([]byte{code, flags | 10}, uint16(packets*samples))
	}
	for i := 1; i < n; i++ {
		r.packet(first|eventType, began, body(0, i))
		r.pass(ptime)
		first = 0
	}
	for range 3 {
		r.packet(eventType, began, body(0x80, n))
	}
	r.pass(ptime)
	for range int(keyApart / ptime) {
		r.audio(silence())
	}
}

func (r *recorder) pass(d time.Duration) {
	r.at += d
	r.stamp += uint32(d * audio.Rate / time.Second)
}

// packet writes one frame. sipp takes ports and addresses from the call.
func (r *recorder) packet(kind byte, stamp uint32, body []byte) {
	udp := 8 + 12 + len(body)
	r.file = binary.LittleEndian.AppendUint32(r.file, uint32(r.at/time.Second))
	r.file = binary.LittleEndian.AppendUint32(r.file, uint32(r.at%time.Second/time.Microsecond))
	for range 2 {
		r.file = binary.LittleEndian.AppendUint32(r.file, uint32(14+20+udp))
	}
	r.file = append(r.file, make([]byte, 12)...)
	r.file = append(r.file, 8, 0, 0x45, 0)
	r.file = binary.BigEndian.AppendUint16(r.file, uint16(20+udp))
	r.file = append(r.file, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 10, 198, 51, 100, 20)
	r.file = binary.BigEndian.AppendUint16(r.file, 20000)
	r.file = binary.BigEndian.AppendUint16(r.file, 20000)
	r.file = binary.BigEndian.AppendUint16(r.file, uint16(udp))
	r.file = append(r.file, 0, 0, 0x80, kind)
	r.file = binary.BigEndian.AppendUint16(r.file, r.sequence)
	r.file = binary.BigEndian.AppendUint32(r.file, stamp)
	r.file = binary.BigEndian.AppendUint32(r.file, r.ssrc)
	r.file = append(r.file, body...)
	r.sequence++
}

// frequencies are a key's, in hertz.
func frequencies(key byte) (low, high float64) {
	for row, keys := range [4]string{"123", "456", "789", "*0#"} {
		for column, k := range []byte(keys) {
			if k == key {
				return [4]float64{697, 770, 852, 941}[row], [3]float64{1209, 1336, 1477}[column]
			}
		}
	}
	return 0, 0
}
