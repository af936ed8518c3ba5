package port

import (
	"testing"

	"sekisho/edge/lab/doors"
)

func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{Machine: true, Ebbs: true, Allow: []string{"sekisho/media/ebb"}})
}
