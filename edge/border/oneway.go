package border

import "sekisho/edge/sip/ua"

// oneWay tells operators that a party is not heard while it is spoken to. The
// call goes on: only silence for much longer ends it.
func (b *Border) oneWay(p *party, out []ua.Action) []ua.Action {
	if !p.watched || p.call.phase != talking {
		return out // it crossed with a hold
	}
	b.counts.OneWay[b.ordinal(p)]++
	return append(out, ua.Note{
		Level: ua.Warn, Message: "one-way audio", Fields: []string{"call", p.call.name, "trunk", b.trunkName(p), "silent", p.letter()},
	})
}

// ordinal is the place of p's neighbour among those counted: the trunks' by
// number, and the core's behind them.
func (b *Border) ordinal(p *party) int {
	if p.peer == CorePeer {
		return len(b.cfg.Trunks)
	}
	return int(p.peer)
}

func (b *Border) trunkName(p *party) string {
	if p.peer == CorePeer {
		return "core"
	}
	return b.cfg.Trunks[p.peer].Name
}

// letter is the leg's, as in the record.
func (p *party) letter() string {
	if p == &p.call.a {
		return "a"
	}
	return "b"
}
