package siptest

import (
	"testing"

	"sekisho/edge/lab/doors"
)

func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{
		Machine: true,
		Allow: []string{
			"github.com/emiago/sipgo/sip", "sekisho/media/relay",
			"sekisho/edge/sip/cause", "sekisho/edge/sip/header", "sekisho/edge/sip/sdp",
		},
	})
}
