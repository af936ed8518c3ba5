package srtp

import (
	"testing"

	"sekisho/edge/lab/doors"
)

func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{Machine: true, Allow: []string{"github.com/pion/srtp/v3", "github.com/pion/rtp"}})
}
