package carrier

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/pion/rtp"

	"sekisho/edge/lab/audio"
	"sekisho/edge/sip/sdp"
	"sekisho/media/g711"
	"sekisho/media/relay"
)

const (
	defaultPtime = 20
	// reportEvery is how often a sender report goes out. RFC 3550 §6.2 asks for
	// 5 s; calls of the lab are over by then.
	reportEvery = 500 * time.Millisecond
	// silent is the mu-law octet of no sound.
	silent = 0xff
	// between is how many packets of voice part two keys.
	between = 3
)

// speaker is the state of the one goroutine that sends RTP.
type speaker struct {
	m       *media
	voice   []byte // mu-law, a loop; nil is silence
	elapsed uint32 // samples since the beginning
	spoken  bool   // something was sent
	event   []byte
	pressed *pressed
	pause   int // packets until the next key
	packet  [1500]byte
	sound   []byte
	report  []byte
}

// press is a key to be sent; length is in samples.
type press struct {
	event  byte
	length uint16
}

// pressed is a key that is being sent.
type pressed struct {
	press
	timestamp uint32
	duration  uint16
}

// speak sends the voice from the moment it may until stop, a packet whenever
// it is due on a schedule fixed by the first one.
func (m *media) speak(seed uint64) {
	s := speaker{m: m}
	switch {
	case m.lean:
		s.voice = name(seed)
	case seed != 0:
		s.voice = audio.Voice(seed)
	}
	for {
		select {
		case <-m.stop:
			return
		case <-m.wake:
		}
		if _, open := m.target(); open {
			break
		}
	}
	due := time.Now()
	reported := due
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-m.stop:
			return
		case <-timer.C:
		}
		if m.mute && s.pressed == nil && !m.pressing() {
			before := time.Now()
			select {
			case <-m.stop:
				return
			case <-m.wake:
			}
			// The clock of the stream goes on in whole packets (RFC 3550 §5.1).
			quiet := time.Since(before).Truncate(defaultPtime * time.Millisecond)
			s.elapsed += uint32(quiet * audio.Rate / time.Second)
			due = time.Now()
			timer.Reset(0)
			continue
		}
		n, _ := m.target()
		ptime := time.Duration(n.Ptime) * time.Millisecond
		if ptime == 0 {
			ptime = defaultPtime * time.Millisecond
		}
		samples := uint32(ptime * audio.Rate / time.Second)
		s.send(n, samples)
		s.elapsed += samples
		if now := time.Now(); now.Sub(reported) >= reportEvery {
			reported = now
			s.sendReport(now, n.RemoteRTCP)
		}
		due = due.Add(ptime)
		timer.Reset(time.Until(due))
	}
}

// target returns what was agreed, and whether the speaker may speak.
func (m *media) target() (sdp.Negotiated, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.session, m.agreed && m.open
}

// send sends one packet time of voice or of a key.
func (s *speaker) send(n sdp.Negotiated, samples uint32) {
	if !n.Remote.IsValid() || !n.Direction.Sends() {
		return
	}
	if s.pressed == nil && s.pause == 0 && n.EventOut != relay.NoPayload {
		s.pressed = s.m.nextPress(s.timestamp())
	}
	if s.pressed != nil {
		s.sendEvent(n, samples)
		return
	}
	s.pause = max(0, s.pause-1)
	if s.m.mute {
		return
	}
	s.sendRTP(n.Remote, rtp.Header{PayloadType: uint8(n.AudioOut), Timestamp: s.timestamp(), Marker: !s.spoken}, s.voiced(n.Codec, samples))
}

func (m *media) pressing() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.presses) > 0
}

func (m *media) nextPress(timestamp uint32) *pressed {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.presses) == 0 {
		return nil
	}
	p := m.presses[0]
	m.presses = m.presses[1:]
	return &pressed{press: p, timestamp: timestamp}
}

// sendEvent sends one packet of the key, three where it ends (RFC 4733
// §2.5.1.3, §2.5.1.4).
func (s *speaker) sendEvent(n sdp.Negotiated, samples uint32) {
	const volume, end = 10, 0x80 // -10 dBm0
	p := s.pressed
	first := p.duration == 0
	copies, flags := 1, byte(volume)
	if left := p.length - p.duration; uint32(left) > samples {
		p.duration += uint16(samples)
	} else {
		p.duration, copies, flags = p.length, 3, volume|end
		s.pressed, s.pause = nil, between
	}
	s.event = binary.BigEndian.AppendUint16(append(s.event[:0], p.event, flags), p.duration)
	for i := range copies {
		s.sendRTP(n.Remote, rtp.Header{PayloadType: uint8(n.EventOut), Timestamp: p.timestamp, Marker: first && i == 0}, s.event)
	}
}

func (s *speaker) timestamp() uint32 { return s.m.origin + s.elapsed }

// voiced returns samples of the voice from where time has come to, so that a
// key leaves a gap in it as a handset does.
func (s *speaker) voiced(codec relay.Codec, samples uint32) []byte {
	s.sound = s.sound[:0]
	for i := range samples {
		octet := byte(silent)
		if len(s.voice) > 0 {
			octet = s.voice[(s.elapsed+i)%uint32(len(s.voice))]
		}
		s.sound = append(s.sound, octet)
	}
	if codec == relay.PCMA {
		g711.MuToA(s.sound, s.sound)
	}
	return s.sound
}

func (s *speaker) sendRTP(to netip.AddrPort, h rtp.Header, payload []byte) {
	h.Version, h.SSRC, h.SequenceNumber = 2, s.m.ssrc, s.m.sequence
	s.m.sequence++
	n, err := h.MarshalTo(s.packet[:])
	if err != nil {
		return // no header of ours is longer than a packet
	}
	n += copy(s.packet[n:], payload)
	s.spoken = true
	packet, err := s.m.protect(s.packet[:n])
	if err != nil {
		return // keys are used up after 2^48 packets
	}
	if s.m.line != nil {
		s.m.line(packet)
	}
	if _, err := s.m.rtp.WriteToUDPAddrPort(packet, to); err != nil {
		return // closed, or lost as any packet may be: the listener will say
	}
	s.m.mu.Lock()
	s.m.sent.packets++
	s.m.sent.octets += uint32(len(payload))
	s.m.sent.timestamp = h.Timestamp
	s.m.mu.Unlock()
}
