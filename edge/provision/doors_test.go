package provision

import (
	"testing"

	"sekisho/edge/lab/doors"
)

func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{Allow: []string{"sekisho/edge/config", "sekisho/policy/..."}, Machine: true})
}
