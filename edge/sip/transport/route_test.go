package transport

import (
	"fmt"
	"testing"

	"sekisho/edge/sip/callid"
)

// "An INVITE with Replaces goes to the bucket of the call it names", and so do
// the ACK, the BYE and the answers of what it makes.
func TestRouter(t *testing.T) {
	key := callid.Key{7}
	r, plain := NewRouter(key, 7), func(id string) int { return callid.Shard(key.Of([]byte(id)), 7) }
	other := func(than int) string {
		for i := 0; ; i++ {
			if id := fmt.Sprintf("other%d", i); plain(id) != than {
				return id
			}
		}
	}
	const named = "named@a.example"
	moved := other(plain(named))
	again := other(plain(named))
	if got := r.Shard([]byte(moved), nil); got != plain(moved) {
		t.Errorf("before: %d", got)
	}
	if got := r.Shard([]byte(moved), []byte(named)); got != plain(named) {
		t.Errorf("the INVITE went to %d, the call it names is on %d", got, plain(named))
	}
	if got := r.Shard([]byte(moved), nil); got != plain(named) {
		t.Errorf("what follows went to %d, want %d", got, plain(named))
	}
	again += "x"
	if got := r.Shard([]byte(again), []byte(moved)); got != plain(named) {
		t.Errorf("an INVITE that names a moved one went to %d, want %d", got, plain(named))
	}
	for _, id := range []string{named, "a", "b", "c"} {
		if got := r.Shard([]byte(id), nil); got != plain(id) {
			t.Errorf("%s went to %d, want %d", id, got, plain(id))
		}
	}
	for i := range 3 * maxMoved {
		r.Shard(fmt.Appendf(nil, "flood%d", i), []byte(named))
		if got := r.Shard([]byte(moved), nil); got != plain(named) {
			t.Fatalf("a dialog in use was forgotten after %d", i)
		}
	}
	if len(r.moved) > maxMoved {
		t.Errorf("%d are remembered", len(r.moved))
	}
}
