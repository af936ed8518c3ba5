package core

import (
	"strings"

	"sekisho/edge/sip/leg"
	"sekisho/media/relay"
)

// holdMusic is what a party hears while it waits for another one.
const holdMusic = "music/hold"

// ear is what a party hears. The zero ear hears nothing.
type ear struct {
	// From is the party whose voice it is.
	From leg.ID
	// Clips are played instead, by their keys with blanks between them; Repeat
	// is relay.Source's.
	Clips  string
	Repeat int
}

func once(keys ...string) ear   { return ear{Clips: strings.Join(keys, " ")} }
func music() ear                { return ear{Clips: holdMusic, Repeat: relay.Forever} }
func loop(key string) ear       { return ear{Clips: key, Repeat: relay.Forever} }
func times(n int, k string) ear { return ear{Clips: k, Repeat: n} }

// voice is another party's, or nothing where there is none.
func voice(p *party) ear {
	if p == nil {
		return ear{}
	}
	return ear{From: p.Leg}
}

// wire tells the media plane what has changed in what parties hear: who hears
// nothing first, then who hears a clip, then who hears each other.
func (s *step) wire(k *call) {
	for _, p := range k.Parties {
		if m := k.keys(p); p.there() && p.Agreed && p.Endpoint.Keys != m {
			p.Endpoint.Keys = m
			s.media(relay.Keys{Slot: p.Endpoint.Pair.Slot, Mode: m})
		}
	}
	want := make([]ear, len(k.Parties))
	for i, p := range k.Parties {
		want[i] = k.wanted(p)
	}
	for i, p := range k.Parties {
		if w := want[i]; w == (ear{}) && p.Endpoint.Leased && p.Endpoint.Ear != w {
			p.Endpoint.Ear = w
			s.media(relay.Silence{Slot: p.Endpoint.Pair.Slot})
		}
	}
	for i, p := range k.Parties {
		if w := want[i]; w.Clips != "" && p.Endpoint.Ear != w {
			p.Endpoint.Ear = w
			p.Endpoint.Token++
			s.media(relay.Play{
				Slot: p.Endpoint.Pair.Slot, Token: p.Endpoint.Token,
				Source: relay.Source{Keys: strings.Fields(w.Clips), Repeat: w.Repeat},
			})
		}
	}
	for i, p := range k.Parties {
		w := want[i]
		if w.From == 0 || p.Endpoint.Ear == w {
			continue
		}
		o := k.party(w.From)
		p.Endpoint.Ear, o.Endpoint.Ear = w, voice(p)
		s.media(relay.Join{A: p.Endpoint.Pair.Slot, B: o.Endpoint.Pair.Slot})
	}
}

// meanwhile is what a party hears until whom it shall hear is ready: the music it
// has heard, or nothing.
func (p *party) meanwhile() ear {
	if p.Endpoint.Ear.Repeat == relay.Forever {
		return p.Endpoint.Ear
	}
	return ear{}
}

// keys is what becomes of a party's keys: where * and # are for us, nobody else
// hears them (SPEC R41).
func (k *call) keys(p *party) relay.KeyMode {
	if p.Leg == k.Owner || k.armed(p) {
		return relay.ConsumeCodes
	}
	return relay.PassKeys
}

// wanted is what a party shall hear: what the stage says, unless it, or whose
// voice it would be, holds.
func (k *call) wanted(p *party) ear {
	if !p.there() || !p.Agreed || p.holds() {
		return ear{}
	}
	if p.Intro != (ear{}) {
		if p.Unacked {
			return ear{}
		}
		return p.Intro
	}
	e := k.Stage.feature().hears(k, p)
	if e.From == 0 {
		return e
	}
	switch o := k.party(e.From); {
	case o == nil || !o.there():
		return ear{}
	case !o.Agreed || o.Intro != (ear{}):
		return p.meanwhile()
	case o.holds():
		return music()
	}
	return e
}
