package border

import (
	"slices"
	"strings"
	"time"

	"sekisho/media/relay"
)

// Media is a call that has media now: what its endpoints can be asked for.
type Media struct {
	Name string
	// Answered is when; zero if not yet.
	Answered time.Time
	Legs     []MediaLeg // A, then B
}

// MediaLeg is one leg's endpoint.
type MediaLeg struct {
	Letter string // "a" or "b"
	Trunk  string // or "core"
	Slot   relay.Slot
}

// Media returns the calls that have media, by their names: all, or the one that
// is named.
func (b *Border) Media(name string) (all []Media) {
	for _, c := range b.calls {
		if name != "" && c.name != name {
			continue
		}
		m := Media{Name: c.name, Answered: c.answered}
		for _, p := range [...]*party{&c.a, &c.b} {
			if p.leased {
				m.Legs = append(m.Legs, MediaLeg{Letter: p.letter(), Trunk: b.trunkName(p), Slot: p.pair.Slot})
			}
		}
		if len(m.Legs) > 0 {
			all = append(all, m)
		}
	}
	slices.SortFunc(all, func(x, y Media) int { return strings.Compare(x.Name, y.Name) })
	return all
}
