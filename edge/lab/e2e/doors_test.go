package e2e

import (
	"testing"

	"sekisho/edge/lab/doors"
)

// What judges the binary asks nothing of it; siptest is what stands in the
// wire, sipgo a client of its own.
func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{Allow: []string{"github.com/emiago/sipgo", "github.com/emiago/sipgo/sip", "sekisho/edge/lab/siptest"}})
}
