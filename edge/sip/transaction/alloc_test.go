//go:build !race

package transaction

import (
	"testing"

	"github.com/emiago/sipgo/sip"
)

// A flood of retransmissions costs at most the action that repeats the bytes
// that went out before, and that lives no longer than its batch.
func TestRetransmissionsKeepNothing(t *testing.T) {
	tab := newTable()
	invite, bye := newRequest(t, sip.INVITE, branch), newRequest(t, sip.BYE, branch)
	var out []Action
	tab.Handle(epoch, Received{Flow: udp, Message: invite}, nil)
	tab.Handle(epoch, Respond{ID: first, Response: Reply(invite, 200, "", "ours")}, nil)
	tab.Handle(epoch, Received{Flow: udp, Message: bye}, nil)
	tab.Handle(epoch, Respond{ID: 2, Response: Reply(bye, 200, "", "ours")}, nil)
	for name, tt := range map[string]struct {
		in   Input
		want float64
	}{
		"absorbed INVITE": {Received{Flow: udp, Message: invite}, 0},
		// The action itself, an interface holding flow and slice.
		"answered BYE": {Received{Flow: udp, Message: bye}, 1},
		"idle timeout": {Timeout{}, 0},
		"stray":        {Received{Flow: udp, Message: newResponse(t, sip.BYE, "z9hG4bKnone", 200, "t1")}, 0},
	} {
		out = tab.Handle(epoch, tt.in, out[:0])
		if n := testing.AllocsPerRun(100, func() { out = tab.Handle(epoch, tt.in, out[:0]) }); n > tt.want {
			t.Errorf("%s: %v allocations, want %v", name, n, tt.want)
		}
	}
}
