package sdp

import (
	"testing"

	"sekisho/edge/lab/doors"
)

func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{
		Allow:   []string{"sekisho/media/relay", "sekisho/media/srtp"},
		Deny:    map[string]string{"github.com/pion/sdp/v3": "it refuses what trunks send"},
		Machine: true,
	})
}
