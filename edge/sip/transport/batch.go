package transport

import (
	"sync"
	"time"

	"sekisho/edge/sip/flow"
)

// Incoming is one message as it arrived, not parsed.
type Incoming struct {
	// Flow is the road it came by; an answer leaves by the same one.
	Flow flow.Flow
	// Data is the message. It is valid until the batch's Free.
	Data []byte
	// At is when the batch that brought it was read.
	At time.Time
}

// Batch is what one reader has for one shard after one system call, in the
// order of arrival: one message at least. Large messages may make several. Its receiver reads Messages, copies what it keeps, and
// calls Free once.
type Batch struct {
	Messages []Incoming

	arena []byte // backs Data; fixed capacity, so that slices of it stay put
	home  *sync.Pool
}

const (
	// batchLength is the number of datagrams of one system call.
	batchLength = 64
	// arenaSize holds a full batch of usual requests (500 bytes), or some
	// twenty long ones. A queued batch occupies this much.
	arenaSize = 32 << 10
)

func newBatch(home *sync.Pool) *Batch {
	return &Batch{
		Messages: make([]Incoming, 0, batchLength),
		arena:    make([]byte, 0, arenaSize),
		home:     home,
	}
}

// Free gives the batch back for reuse. Neither it nor any Data of it may be
// touched afterwards.
func (b *Batch) Free() {
	clear(b.Messages)
	b.Messages = b.Messages[:0]
	b.arena = b.arena[:0]
	b.home.Put(b)
}

// add copies data into the batch, or reports that there is no room left. A
// message larger than the arena has memory of its own.
func (b *Batch) add(f flow.Flow, data []byte, at time.Time) bool {
	var own []byte
	switch start := len(b.arena); {
	case len(data) > arenaSize:
		own = append([]byte(nil), data...)
	case len(data) > arenaSize-start:
		return false
	default:
		b.arena = append(b.arena, data...)
		own = b.arena[start:len(b.arena):len(b.arena)]
	}
	b.Messages = append(b.Messages, Incoming{Flow: f, Data: own, At: at})
	return true
}
