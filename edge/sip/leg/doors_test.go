package leg

import (
	"testing"

	"sekisho/edge/lab/doors"
)

func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{Machine: true, Allow: []string{
		"github.com/emiago/sipgo/sip", "sekisho/media/relay",
		"sekisho/edge/sip/cause", "sekisho/edge/sip/deadline", "sekisho/edge/sip/dialog", "sekisho/edge/sip/flow",
		"sekisho/edge/sip/sdp", "sekisho/edge/sip/token", "sekisho/edge/sip/transaction", "sekisho/edge/sip/header",
	}, Deny: map[string]string{"sekisho/media/engine": "a leg knows media by its values only"}})
}
