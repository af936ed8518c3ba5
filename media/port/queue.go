package port

import "sekisho/media/ebb"

// queue is a ring of pair indices, first in, first out.
type queue struct {
	ring []uint32 // length is a power of two
	head int
	n    int
}

func (q *queue) len() int { return q.n }

// at returns the ith index from the front.
func (q *queue) at(i int) uint32 { return q.ring[(q.head+i)&(len(q.ring)-1)] }

func (q *queue) push(index uint32) {
	if q.n == len(q.ring) {
		q.move(max(16, 2*len(q.ring)))
	}
	q.ring[(q.head+q.n)&(len(q.ring)-1)] = index
	q.n++
}

func (q *queue) pop() (uint32, bool) {
	if q.n == 0 {
		return 0, false
	}
	index := q.at(0)
	q.head = (q.head + 1) & (len(q.ring) - 1)
	q.n--
	if ebb.Low(q.n, len(q.ring)) {
		q.move(len(q.ring) / 4)
	}
	return index, true
}

// move gives the queue a ring of another size.
func (q *queue) move(size int) {
	ring := make([]uint32, size)
	for i := range q.n {
		ring[i] = q.at(i)
	}
	q.ring, q.head = ring, 0
}
