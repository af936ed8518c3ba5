package engine

import (
	"time"

	"sekisho/media/g711"
	"sekisho/media/relay"
)

// Clips finds announcements, tones and music by key, as mu-law at 8 kHz. A clip
// is read-only and lives as long as the engine.
type Clips interface {
	Clip(key string) (ulaw []byte, ok bool)
}

const (
	samplesPerMilli = 8
	defaultPtime    = 20 // milliseconds
	maxPtime        = 60
	muSilence       = 0xff
	rtpHeader       = 12
	longestPacket   = rtpHeader + maxPtime*samplesPerMilli
)

// player feeds an out-half from clips, one packet each ptime on an absolute
// schedule, so that it does not drift with the worker's delays.
type player struct {
	clips  [][]byte
	next   time.Time // when the next packet is due
	token  uint64
	clip   int // which of clips
	offset int // octets of it that have been sent
	left   int // further times to play the whole list; negative is forever
	feeder relay.SSRC
	ts     uint32
	seq    uint16
	active bool
}

// load takes over a source; its clips have been found. It does not begin yet.
func (p *player) load(clips [][]byte, play relay.Play) {
	left := play.Source.Repeat
	if left > 0 {
		left--
	}
	*p = player{clips: clips, token: play.Token, left: left, feeder: p.feeder + 1}
}

// fill writes mu-law into dst and reports whether it is the last of the source;
// the end of the last packet is silence.
func (p *player) fill(dst []byte) (ended bool) {
	for len(dst) > 0 && !p.done() {
		n := copy(dst, p.clips[p.clip][p.offset:])
		dst = dst[n:]
		p.offset += n
		p.skip()
	}
	for i := range dst {
		dst[i] = muSilence
	}
	return p.done()
}

// skip moves on to the next octet to send, over the ends of clips.
func (p *player) skip() {
	for !p.done() && p.offset == len(p.clips[p.clip]) {
		p.offset = 0
		p.clip++
		if p.clip == len(p.clips) && p.left != 0 {
			p.clip = 0
			if p.left > 0 {
				p.left--
			}
		}
	}
}

func (p *player) done() bool { return p.clip >= len(p.clips) }

// packet composes the next packet of c's player in buffer, whose length is the
// packet's, and returns whether it may be sent.
func (c *cell) packet(now time.Time, w *relay.Packet, buffer []byte) (send, ended bool) {
	p := c.player
	audio := buffer[rtpHeader:]
	ended = p.fill(audio)
	if c.in.Spec().Codec == relay.PCMA {
		g711.MuToA(audio, audio)
	}
	w.Data = buffer
	reason := c.own.Generate(now, w, relay.Numbers{Feeder: p.feeder, Sequence: p.seq, Timestamp: p.ts})
	p.seq++
	p.ts += uint32(len(audio))
	return reason == relay.Passed, ended
}

// ptime returns the length in milliseconds of the packets we generate.
func ptime(spec *relay.Spec) int {
	if spec.Ptime == 0 || spec.Ptime > maxPtime {
		return defaultPtime
	}
	return int(spec.Ptime)
}
