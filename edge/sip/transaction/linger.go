package transaction

import (
	"time"

	"sekisho/media/ebb"
)

// queue keeps the alarms of one fixed delay: they fall due in the order in
// which they were set, so the first is always the next.
type queue struct {
	entries []entry
	head    int
}

type entry struct {
	at time.Time
	id ID
}

func (q *queue) push(e entry) {
	if q.head > 0 && len(q.entries) == cap(q.entries) && q.head >= len(q.entries)/2 {
		n := copy(q.entries, q.entries[q.head:])
		q.entries, q.head = ebb.Cut(q.entries[:n]), 0
	}
	q.entries = append(q.entries, e)
}

func (q *queue) first() (entry, bool) {
	if q.head == len(q.entries) {
		return entry{}, false
	}
	return q.entries[q.head], true
}

// drop removes the first entry. An emptied queue gives a burst's memory back.
func (q *queue) drop() {
	q.head++
	if q.head < len(q.entries) {
		return
	}
	q.entries, q.head = ebb.Cut(q.entries[:0]), 0
}
