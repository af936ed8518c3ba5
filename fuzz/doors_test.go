package fuzz

import (
	"testing"

	"sekisho/edge/lab/doors"
)

// Files that are no tests would be something to import, and nothing imports
// fuzz.
func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{Deny: map[string]string{"sekisho/...": "this room holds tests only"}})
}
