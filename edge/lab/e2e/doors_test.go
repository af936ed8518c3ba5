package e2e

import (
	"testing"

	"sekisho/edge/lab/doors"
)

// What judges the binary asks nothing of it; siptest is what stands in the wire.
func TestDoors(t *testing.T) { doors.Check(t, doors.Rule{Allow: []string{"sekisho/edge/lab/siptest"}}) }
