// Package deadline keeps the next deadline of many machines: one indexed heap,
// so that a loop arms one timer however many calls are alive.
package deadline

import (
	"time"

	"sekisho/media/ebb"
)

// Heap orders keys by deadline. The zero value is ready to use. Keys with
// equal deadlines come out in the order of their insertion, so that a replay
// is exact.
type Heap[K comparable] struct {
	items []item[K]
	index map[K]int
	most  ebb.Mark
	seq   uint64
}

type item[K comparable] struct {
	at  time.Time
	seq uint64
	key K
}

// Set gives key a deadline, replacing the one it had. A zero time removes it.
func (h *Heap[K]) Set(key K, at time.Time) {
	if at.IsZero() {
		h.Remove(key)
		return
	}
	if h.index == nil {
		h.index = make(map[K]int)
	}
	if i, ok := h.index[key]; ok {
		if h.items[i].at.Equal(at) {
			return
		}
		h.items[i].at = at
		h.fix(i)
		return
	}
	h.seq++
	h.items = append(h.items, item[K]{at: at, seq: h.seq, key: key})
	h.index[key] = len(h.items) - 1
	h.up(len(h.items) - 1)
}

// Remove forgets key.
func (h *Heap[K]) Remove(key K) {
	i, ok := h.index[key]
	if !ok {
		return
	}
	ebb.Delete(&h.index, &h.most, key)
	last := len(h.items) - 1
	if i != last {
		h.items[i] = h.items[last]
		h.index[h.items[i].key] = i
	}
	var none item[K]
	h.items[last] = none
	h.items = ebb.Cut(h.items[:last])
	if i < last {
		h.fix(i)
	}
}

// Next returns the earliest deadline, or the zero time when there is none.
func (h *Heap[K]) Next() time.Time {
	if len(h.items) == 0 {
		return time.Time{}
	}
	return h.items[0].at
}

// Pop removes and returns the key with the earliest deadline if that is not
// after now.
func (h *Heap[K]) Pop(now time.Time) (key K, ok bool) {
	if len(h.items) == 0 || h.items[0].at.After(now) {
		return key, false
	}
	key = h.items[0].key
	h.Remove(key)
	return key, true
}

// Len returns the number of keys that have a deadline.
func (h *Heap[K]) Len() int { return len(h.items) }

func (h *Heap[K]) less(i, j int) bool {
	a, b := &h.items[i], &h.items[j]
	if a.at.Equal(b.at) {
		return a.seq < b.seq
	}
	return a.at.Before(b.at)
}

func (h *Heap[K]) fix(i int) {
	h.up(i)
	h.down(i)
}

func (h *Heap[K]) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !h.less(i, parent) {
			return
		}
		h.swap(i, parent)
		i = parent
	}
}

func (h *Heap[K]) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(h.items) {
			return
		}
		if r := child + 1; r < len(h.items) && h.less(r, child) {
			child = r
		}
		if !h.less(child, i) {
			return
		}
		h.swap(i, child)
		i = child
	}
}

func (h *Heap[K]) swap(i, j int) {
	h.items[i], h.items[j] = h.items[j], h.items[i]
	h.index[h.items[i].key] = i
	h.index[h.items[j].key] = j
}

// Earliest returns the earlier of two deadlines; the zero time means none.
func Earliest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
