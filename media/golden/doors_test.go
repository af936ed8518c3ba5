package golden

import (
	"testing"

	"sekisho/edge/lab/doors"
)

func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{Machine: true, Allow: []string{"sekisho/media/relay", "sekisho/media/dtmf", "sekisho/media/srtp"}})
}
