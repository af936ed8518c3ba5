package relay

import (
	"testing"

	"sekisho/edge/lab/doors"
)

func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{
		Machine: true,
		Allow:   []string{"github.com/pion/rtp", "sekisho/media/dtmf", "sekisho/media/g711", "sekisho/media/quality", "sekisho/media/srtp"},
	})
}
