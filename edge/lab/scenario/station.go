package scenario

import (
	"net/netip"
	"time"

	"sekisho/edge/lab/siptest"
	"sekisho/edge/node"
	"sekisho/edge/sip/deadline"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/ua"
	"sekisho/media/engine"
	"sekisho/media/relay"
)

// station is one SIP machine of the world with what shard.Loop would give it:
// border, core or a party.
type station struct {
	name  string
	addrs []netip.AddrPort // by flow.Listener
	ua    *ua.UA
	// media and stock are nil where the party speaks for itself.
	media *engine.Stepped
	stock *node.Stock
	// events are the media plane's, until the machine is told.
	events []relay.Event
	acts   []ua.Action
	// down loses everything to and from the station.
	down bool
}

// datagram gives the station a message.
func (s *station) datagram(w *World, l flow.Listener, from netip.AddrPort, data []byte) {
	s.acts = s.ua.Datagram(w.now, flow.Flow{Listener: l, Remote: from}, data, s.acts[:0])
	s.flush(w)
}

// timeout does what is due.
func (s *station) timeout(w *World) {
	if at := s.ua.Deadline(); !at.IsZero() && !at.After(w.now) {
		s.acts = s.ua.Timeout(w.now, s.acts[:0])
		s.flush(w)
	}
	if s.media == nil {
		return
	}
	if at := s.media.Deadline(); !at.IsZero() && !at.After(w.now) {
		s.media.Step(w.now)
		s.flush(w)
	}
}

// rtp gives the station's media engine a packet, if the address is its own.
func (s *station) rtp(w *World, p packet) bool {
	if s.media == nil {
		return false
	}
	s.media.Step(w.now)
	ours := s.media.Deliver(p.from, p.to, p.data)
	s.flush(w)
	return ours
}

// deadline returns when timeout is due.
func (s *station) deadline() time.Time {
	at := s.ua.Deadline()
	if s.media != nil {
		at = deadline.Earliest(at, s.media.Deadline())
	}
	return at
}

// flush carries out what the machine has left, media first: ports are ready
// before a peer hears of them.
func (s *station) flush(w *World) {
	for {
		s.command(w)
		for _, a := range s.acts {
			switch a := a.(type) {
			case ua.Send:
				w.sendSIP(s, a)
			case ua.Record:
				w.records = append(w.records, a.Record)
			case ua.Note:
				w.notes = append(w.notes, a)
			case ua.Media, ua.Command:
			}
		}
		s.acts = s.acts[:0]
		if s.media != nil {
			w.speak(s)
		}
		if len(s.events) == 0 {
			return
		}
		events := s.events
		s.events = nil
		for _, ev := range events {
			s.acts = s.ua.MediaEvent(w.now, ev, s.acts)
		}
	}
}

// command gives the media engine its commands.
func (s *station) command(w *World) {
	var commands []relay.Command
	for _, a := range s.acts {
		if m, ok := a.(ua.Media); ok {
			commands = append(commands, m.Command)
		}
	}
	if len(commands) > 0 && s.media != nil {
		s.media.Step(w.now)
		s.media.Do(commands)
	}
}

// sendSIP notes a message and puts it on its way.
func (w *World) sendSIP(s *station, a ua.Send) {
	from := s.addrs[a.Flow.Listener]
	data := append([]byte(nil), a.Data...)
	w.trace = append(w.trace, siptest.Message{At: w.now, From: from, To: a.Flow.Remote, Seen: siptest.Sent, Data: data})
	w.lastSIP = w.now
	w.send(packet{from: from, to: a.Flow.Remote, data: data}, w.network.weather.Loss)
}

// speak puts the packets of a media engine on their way.
func (w *World) speak(s *station) {
	for _, p := range s.media.Take(nil) {
		w.send(packet{from: p.From, to: p.To, data: p.Data}, w.network.weather.Loss/10)
	}
}
