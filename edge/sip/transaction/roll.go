package transaction

import "sekisho/media/ebb"

// roll finds a machine by its ID. IDs are given out in order and most machines
// go after the same 32 s, so the roll is a map of pages: of 100,000 entries one
// is found without a walk through as many places of memory as a map of that
// size makes of it, and a page goes with the last machine on it.
type roll struct {
	pages map[ID]*page
	most  ebb.Mark
	// recent is the page last looked at, number its place in pages.
	recent *page
	number ID
	length int
}

const (
	pageBits = 8
	pageMask = 1<<pageBits - 1
)

type page struct {
	used     int
	machines [1 << pageBits]machine
}

func newRoll() roll { return roll{pages: make(map[ID]*page)} }

func (r *roll) page(id ID) *page {
	n := id >> pageBits
	if r.recent == nil || r.number != n {
		p := r.pages[n]
		if p == nil {
			return nil
		}
		r.recent, r.number = p, n
	}
	return r.recent
}

// get returns the machine, or nil.
func (r *roll) get(id ID) machine {
	p := r.page(id)
	if p == nil {
		return nil
	}
	return p.machines[id&pageMask]
}

// put enters a machine under an ID that has none.
func (r *roll) put(id ID, m machine) {
	p := r.page(id)
	if p == nil {
		p = new(page)
		r.pages[id>>pageBits] = p
	}
	p.machines[id&pageMask] = m
	p.used++
	r.length++
}

// remove takes out an ID that has a machine.
func (r *roll) remove(id ID) {
	p := r.page(id)
	p.machines[id&pageMask] = nil
	r.length--
	if p.used--; p.used == 0 {
		ebb.Delete(&r.pages, &r.most, id>>pageBits)
		r.recent = nil
	}
}

// each visits all machines, in no order.
func (r *roll) each(visit func(machine)) {
	for _, p := range r.pages {
		for _, m := range p.machines {
			if m != nil {
				visit(m)
			}
		}
	}
}
