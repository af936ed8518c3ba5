package scenario

import (
	"net/netip"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/pion/rtp"

	"sekisho/edge/lab/audio"
	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/ua"
	"sekisho/media/g711"
	"sekisho/media/relay"
)

// call is one party's side of a call: its leg, its ear and its mouth.
type call struct {
	party *party
	id    leg.ID
	// name is what the script calls it; a received call has none.
	name     string
	callID   string
	received bool
	// shown is the INVITE as it came, or nil.
	shown *sip.Request
	rtp   netip.AddrPort
	// codecs are what this call can speak.
	codecs []relay.Codec

	// status is the highest response to a placed call, or to a received one.
	status   int
	answered bool
	ended    bool
	cause    cause.Cause
	final    sip.Message // what ended it, or nil
	session  *sdp.Negotiated
	secure   secured
	// direction is what the party itself wants: its own hold.
	direction relay.Direction
	// open says that the mouth is: after the answer, or with early media.
	open bool

	// The mouth: the next packet and when it is due.
	word time.Time
	ssrc uint32
	seq  uint16
	said uint32 // samples
	// pressed are the keys still to be sent, key is the first one's state.
	pressed []byte
	key     key

	// The ear. judged is how much of it has been asked for.
	placed, first time.Time
	track         audio.Track
	stream        stream
	judged        int
	// datagrams are what was received of a session that is not RTP.
	datagrams []string
	// digits are the keys heard since it was last asked, lastKey the timestamp
	// of the last.
	digits  []digit
	lastKey uint32
}

const ptime = 20 * time.Millisecond

// side is our description.
func (c *call) side(d relay.Direction) leg.Media {
	return leg.Media{Addr: c.rtp, Caps: sdp.Caps{Codecs: c.codecs, Event: c.party.style.Event}, Direction: d}
}

// event takes what the leg has to say.
func (c *call) event(now time.Time, ev leg.Event, out []ua.Action) []ua.Action {
	switch ev := ev.(type) {
	case leg.Progressed:
		c.status = max(c.status, ev.Status)
		c.agree(now, ev.Negotiated)
		if ev.Offer != nil {
			return append(out, ua.Command{Leg: c.id, Command: leg.Acknowledge{Media: c.side(relay.SendRecv)}})
		}
	case leg.Answered:
		c.status, c.answered, c.open = 200, true, true
		c.agree(now, ev.Negotiated)
		if ev.Offer != nil {
			return append(out, ua.Command{Leg: c.id, Command: leg.Acknowledge{Media: c.side(relay.SendRecv)}})
		}
	case leg.Acked:
		c.agree(now, ev.Negotiated)
	case leg.Agreed:
		c.agree(now, &ev.Negotiated)
	case leg.Offered:
		return c.offered(ev, out)
	case leg.Asked:
		return c.asked(ev, out)
	case leg.OfferRefused:
	case leg.Ended:
		c.ended, c.open, c.cause, c.final = true, false, ev.Cause, ev.Message
		delete(c.party.calls, c.id)
	}
	return out
}

// agree takes a session into force. The schedule of the mouth begins with the
// first.
func (c *call) agree(now time.Time, n *sdp.Negotiated) {
	if n == nil {
		return
	}
	if c.session == nil {
		c.word = now
	}
	c.session = n
	if err := c.secure.rekey(n.Keys); err != nil {
		panic(err) // the suites are ours
	}
}

// speaks reports whether packets are due in time.
func (c *call) speaks() bool { return c.open && c.session != nil && talks(c.session) }

// speak says the next 20 ms; while the direction forbids it, it stays silent,
// and time goes on.
func (c *call) speak() {
	n, voice := c.session, c.party.world.sounds.voices[c.party.name]
	if n.Direction.Sends() && n.Remote.IsValid() && (len(c.pressed) == 0 || !c.speakKey()) {
		from := int(c.said) % len(voice)
		sound := append([]byte(nil), voice[from:from+samples]...)
		if n.Codec == relay.PCMA {
			g711.MuToA(sound, sound)
		}
		c.send(rtp.Header{PayloadType: uint8(n.AudioOut), Timestamp: c.said, Marker: c.seq == 0}, sound)
	}
	c.said += samples
	c.word = c.word.Add(ptime)
}

// send sends one RTP packet.
func (c *call) send(h rtp.Header, payload []byte) {
	h.Version, h.SSRC, h.SequenceNumber = 2, c.ssrc, c.seq
	c.seq++
	data, err := h.Marshal()
	if err != nil {
		panic(err) // a header without extensions always fits
	}
	w := c.party.world
	w.send(packet{media: true, from: c.rtp, to: c.session.Remote, data: c.secure.protect(append(data, payload...))}, w.network.weather.Loss/10)
}

// hear takes a packet to the ear.
func (c *call) hear(p packet) {
	if c.session != nil && c.session.Fax.On {
		if p.data[0]>>6 == 2 {
			return // RTP that was under way when the session changed
		}
		c.datagrams = append(c.datagrams, string(p.data))
		return
	}
	data, ok := c.secure.open(p.data)
	if !ok {
		return
	}
	p.data = data
	var h rtp.Header
	at, err := h.Unmarshal(p.data)
	switch {
	case err != nil, c.session == nil:
		return
	case h.PayloadType == uint8(c.session.EventIn):
		c.stream.take(c.party.world.now, &h, 0)
		c.hearEvent(h, p.data[at:])
		return
	case h.PayloadType != uint8(c.session.AudioIn):
		return
	}
	if c.first.IsZero() {
		c.first = c.party.world.now
	}
	c.stream.take(c.party.world.now, &h, len(p.data)-at)
	c.track.Add(audio.Packet{SSRC: h.SSRC, Timestamp: h.Timestamp, Codec: c.session.Codec, Payload: p.data[at:]})
}

// fresh returns what was heard since it was last asked for.
func (c *call) fresh() []int16 {
	pcm := c.track.PCM()[c.judged:]
	c.judged += len(pcm)
	return pcm
}
