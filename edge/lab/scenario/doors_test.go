package scenario

import (
	"testing"

	"sekisho/edge/lab/doors"
)

// A world must replay: everything random comes from its seed, and nothing in it
// waits. What it may look at is not bounded.
func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{
		Machine: true,
		Allow:   []string{"sekisho/...", "github.com/emiago/sipgo/sip", "github.com/pion/rtp"},
		Except: map[string]string{
			"network.go": "makes the weather's generator from the seed",
			"world.go":   "makes each station's generator from the seed",
		},
	})
}
