package e2e

import (
	"testing"

	"sekisho/edge/lab/doors"
)

// What judges the binary links nothing of it.
func TestDoors(t *testing.T) { doors.Check(t, doors.Rule{}) }
