package scenario

import (
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/transport"
)

// routes sends messages to shards as transport's readers do, and holds the
// shards to it: what one of them sends must come back to it.
type routes struct {
	router *transport.Router
	// carried counts the messages that came to each shard.
	carried []int
	// crossed counts messages that left another shard than the one that their
	// answers go to. A call is on one shard for good, so there are none.
	crossed int
}

func newRoutes(shards int) *routes {
	return &routes{router: transport.NewRouter(callIDKey(), shards), carried: make([]int, shards)}
}

// arrived names the shard of a message that came, unless nobody's it is.
func (r *routes) arrived(message []byte) (shard int, ok bool) {
	if shard, ok = r.of(message); ok {
		r.carried[shard]++
	}
	return shard, ok
}

// left notes what a shard has sent.
func (r *routes) left(shard int, message []byte) {
	if home, ok := r.of(message); !ok || home != shard {
		r.crossed++
	}
}

// of reads the Call-ID only as far as the rim does; one that comes with an
// error still routes (transport.Config).
func (r *routes) of(message []byte) (shard int, ok bool) {
	id, _ := header.CallID(message)
	return r.router.Shard(id, header.Replaced(message)), len(id) > 0
}
