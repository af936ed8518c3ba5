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

// station is who is at some addresses of the world, border, core or a party:
// its SIP machines with what shard.Loop would give them. The border has one for
// each of its shards, the others have one.
type station struct {
	name   string
	addrs  []netip.AddrPort // by flow.Listener
	shards []*machine
	// routes names the shard of a message; nil where there is nothing to choose.
	routes *routes
	// media is nil where the party speaks for itself.
	media *engine.Stepped
	// down loses everything to and from the station.
	down bool
}

// machine is one shard's, with what the world keeps for it.
type machine struct {
	shard int
	ua    *ua.UA
	// stock is nil where the party speaks for itself.
	stock *node.Stock
	// events are the media plane's, until the machine is told.
	events []relay.Event
	acts   []ua.Action
}

// datagram gives a message to the shard whose it is.
func (s *station) datagram(w *World, l flow.Listener, from netip.AddrPort, data []byte) {
	m := s.shards[0]
	if s.routes != nil {
		shard, ok := s.routes.arrived(data)
		if !ok {
			return // as transport does
		}
		m = s.shards[shard]
	}
	m.acts = m.ua.Datagram(w.now, flow.Flow{Listener: l, Remote: from}, data, m.acts[:0])
	s.flush(w)
}

// timeout does what is due.
func (s *station) timeout(w *World) {
	for _, m := range s.shards {
		if at := m.ua.Deadline(); !at.IsZero() && !at.After(w.now) {
			m.acts = m.ua.Timeout(w.now, m.acts[:0])
			s.flush(w)
		}
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

// do carries out what a machine's application does without being asked by anybody.
func (s *station) do(w *World, shard int, actions []ua.Action) {
	m := s.shards[shard]
	m.acts = m.ua.Do(w.now, actions, m.acts[:0])
	s.flush(w)
}

// deadline returns when timeout is due.
func (s *station) deadline() (at time.Time) {
	for _, m := range s.shards {
		at = deadline.Earliest(at, m.ua.Deadline())
	}
	if s.media != nil {
		at = deadline.Earliest(at, s.media.Deadline())
	}
	return at
}

// flush carries out what the machines have left, media first: ports are ready
// before a peer hears of them.
func (s *station) flush(w *World) {
	for again := true; again; {
		for _, m := range s.shards {
			s.command(w, m)
			s.carryOut(w, m)
		}
		if s.media != nil {
			w.speak(s)
		}
		again = false
		for _, m := range s.shards {
			events := m.events
			m.events = nil
			for _, ev := range events {
				m.acts = m.ua.MediaEvent(w.now, ev, m.acts)
				again = true
			}
		}
	}
}

// counts sums what the shards hold and have seen.
func (s *station) counts() (sum ua.Counts) {
	for _, m := range s.shards {
		c := m.ua.Counts()
		sum.Legs += c.Legs
		sum.Unmatched += c.Unmatched
		sum.Strangers += c.Strangers
		sum.Transactions.Lingering += c.Transactions.Lingering
		sum.Transactions.Strays += c.Transactions.Strays
		for kind, live := range c.Transactions.Live {
			sum.Transactions.Live[kind] += live
		}
	}
	return sum
}

// stocked returns how many port pairs are borrowed, but no call's.
func (s *station) stocked() (pairs int) {
	for _, m := range s.shards {
		pairs += m.stock.Held()
	}
	return pairs
}

// command gives the media engine a machine's commands.
func (s *station) command(w *World, m *machine) {
	var commands []relay.Command
	for _, a := range m.acts {
		if a, ok := a.(ua.Media); ok {
			commands = append(commands, a.Command)
		}
	}
	if len(commands) > 0 && s.media != nil {
		s.media.Step(w.now)
		s.media.Do(commands)
	}
}

func (s *station) carryOut(w *World, m *machine) {
	for _, a := range m.acts {
		switch a := a.(type) {
		case ua.Send:
			if s.routes != nil {
				s.routes.left(m.shard, a.Data)
			}
			w.sendSIP(s, a)
		case ua.Record:
			w.records = append(w.records, a.Record)
		case ua.Note:
			if s.media != nil { // what a party's own agent notes is nobody's to read
				w.notes = append(w.notes, a)
			}
		case ua.Activity:
			w.notes = append(w.notes, noteOf(a.Activity))
		case ua.Media, ua.Command:
		}
	}
	m.acts = m.acts[:0]
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
		w.send(packet{media: true, from: p.From, to: p.To, data: p.Data}, w.network.weather.Loss/10)
	}
}
