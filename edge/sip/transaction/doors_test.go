package transaction

import (
	"testing"

	"sekisho/edge/lab/doors"
)

func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{
		Machine: true, Ebbs: true,
		Allow: []string{
			"github.com/emiago/sipgo/sip",
			"sekisho/edge/sip/deadline",
			"sekisho/edge/sip/flow",
			"sekisho/edge/sip/token",
			"sekisho/media/ebb",
		},
	})
}
