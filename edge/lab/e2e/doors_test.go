package e2e

import (
	"testing"

	"sekisho/edge/lab/doors"
)

// What judges the binary asks nothing of it; siptest is what stands in the
// wire, sipgo a client of its own, audio the ear that listens to it.
func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{Allow: []string{
		"github.com/emiago/sipgo", "github.com/emiago/sipgo/sip", "golang.org/x/sys/unix",
		"sekisho/edge/lab/audio", "sekisho/edge/lab/siptest", "sekisho/media/g711",
	}})
}
