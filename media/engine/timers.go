package engine

import "time"

// timers is a binary heap of cells by the time they are due. Each cell is in it
// at most once and knows its position, so that a deadline that moves with every
// packet of a digit costs no garbage.
type timers struct{ heap []alarm }

type alarm struct {
	at    time.Time
	local uint32
}

// next returns the earliest alarm.
func (t *timers) next() (alarm, bool) {
	if len(t.heap) == 0 {
		return alarm{}, false
	}
	return t.heap[0], true
}

// set makes cell local due at the time given; the zero time takes it out.
func (t *timers) set(cells []cell, local uint32, at time.Time) {
	i := cells[local].timer - 1
	switch {
	case i < 0 && at.IsZero():
		return
	case i < 0:
		t.heap = append(t.heap, alarm{at, local})
		i = len(t.heap) - 1
		cells[local].timer = i + 1
	case at.IsZero():
		last := len(t.heap) - 1
		t.swap(cells, i, last)
		t.heap = t.heap[:last]
		cells[local].timer = 0
		if i == last {
			return
		}
	default:
		t.heap[i].at = at
	}
	t.down(cells, t.up(cells, i))
}

func (t *timers) up(cells []cell, i int) int {
	for i > 0 {
		parent := (i - 1) / 2
		if !t.heap[i].at.Before(t.heap[parent].at) {
			break
		}
		t.swap(cells, i, parent)
		i = parent
	}
	return i
}

func (t *timers) down(cells []cell, i int) {
	for {
		least := 2*i + 1
		if least >= len(t.heap) {
			return
		}
		if right := least + 1; right < len(t.heap) && t.heap[right].at.Before(t.heap[least].at) {
			least = right
		}
		if !t.heap[least].at.Before(t.heap[i].at) {
			return
		}
		t.swap(cells, i, least)
		i = least
	}
}

func (t *timers) swap(cells []cell, i, j int) {
	t.heap[i], t.heap[j] = t.heap[j], t.heap[i]
	cells[t.heap[i].local].timer = i + 1
	cells[t.heap[j].local].timer = j + 1
}
