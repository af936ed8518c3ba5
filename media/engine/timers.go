package engine

import (
	"time"

	"sekisho/media/ebb"
)

// timers is a binary heap of pairs by the time their cells are due. Each is in it
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

// set makes the cell at local due at the time given; the zero time takes it out.
func (t *timers) set(berths []berth, local uint32, at time.Time) {
	i := int(berths[local].timer) - 1
	switch {
	case i < 0 && at.IsZero():
		return
	case i < 0:
		t.heap = append(t.heap, alarm{at, local})
		i = len(t.heap) - 1
		berths[local].timer = int32(i + 1)
	case at.IsZero():
		last := len(t.heap) - 1
		t.swap(berths, i, last)
		t.heap = ebb.Cut(t.heap[:last])
		berths[local].timer = 0
		if i == last {
			return
		}
	default:
		t.heap[i].at = at
	}
	t.down(berths, t.up(berths, i))
}

func (t *timers) up(berths []berth, i int) int {
	for i > 0 {
		parent := (i - 1) / 2
		if !t.heap[i].at.Before(t.heap[parent].at) {
			break
		}
		t.swap(berths, i, parent)
		i = parent
	}
	return i
}

func (t *timers) down(berths []berth, i int) {
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
		t.swap(berths, i, least)
		i = least
	}
}

func (t *timers) swap(berths []berth, i, j int) {
	t.heap[i], t.heap[j] = t.heap[j], t.heap[i]
	berths[t.heap[i].local].timer = int32(i + 1)
	berths[t.heap[j].local].timer = int32(j + 1)
}
