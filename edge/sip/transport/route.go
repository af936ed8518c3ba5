package transport

import (
	"sync"
	"sync/atomic"

	"sekisho/edge/sip/callid"
)

// maxMoved bounds the dialogs that are remembered not to be where their Call-ID
// would have them. Each was made by an INVITE that a configured peer may send.
const maxMoved = 4096

// Router names the shard of a message: that of its Call-ID's bucket. An INVITE
// with Replaces goes to the bucket of the call it names, and all that follows
// with its Call-ID goes after it, so that a call never crosses shards. Its
// methods may be called from any goroutine.
type Router struct {
	key    callid.Key
	shards int

	// some spares everybody else the lock while nothing has moved.
	some  atomic.Bool
	mu    sync.Mutex
	moved map[string]*move
	turn  uint64
}

// move is where a Call-ID's messages go; used is when it was last asked for.
type move struct {
	shard int
	used  uint64
}

// NewRouter returns the router of a number of shards.
func NewRouter(key callid.Key, shards int) *Router {
	return &Router{key: key, shards: shards, moved: make(map[string]*move)}
}

// Shard returns the shard of a message with a Call-ID, which names another
// call's in Replaces unless that is empty. Neither is kept.
func (r *Router) Shard(callID, replaces []byte) int {
	home := callid.Shard(r.key.Of(callID), r.shards)
	if r.shards == 1 || len(replaces) == 0 && !r.some.Load() {
		return home
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if m := r.find(callID); m != nil {
		return m.shard // also for a copy of an INVITE that has moved
	}
	if len(replaces) == 0 {
		return home
	}
	to := callid.Shard(r.key.Of(replaces), r.shards)
	if m := r.find(replaces); m != nil {
		to = m.shard
	}
	if to != home {
		r.remember(string(callID), to)
	}
	return to
}

func (r *Router) find(id []byte) *move {
	m := r.moved[string(id)]
	if m != nil {
		r.turn++
		m.used = r.turn
	}
	return m
}

// remember makes room by what has not been asked for longest.
func (r *Router) remember(id string, shard int) {
	if len(r.moved) == maxMoved {
		oldest, least := "", ^uint64(0)
		for other, m := range r.moved {
			if m.used < least {
				oldest, least = other, m.used
			}
		}
		delete(r.moved, oldest)
	}
	r.turn++
	r.moved[id] = &move{shard: shard, used: r.turn}
	r.some.Store(true)
}
