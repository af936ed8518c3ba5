package port

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
		larger := make([]uint32, max(16, 2*len(q.ring)))
		for i := range q.n {
			larger[i] = q.at(i)
		}
		q.ring, q.head = larger, 0
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
	return index, true
}
