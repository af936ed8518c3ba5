package border

import (
	"testing"

	"sekisho/edge/lab/doors"
)

func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{Machine: true, Ebbs: true, Allow: []string{
		"github.com/emiago/sipgo/sip",
		"sekisho/edge/sip/ua", "sekisho/edge/sip/leg", "sekisho/edge/sip/cause", "sekisho/edge/sip/dialog", "sekisho/edge/sip/header", "sekisho/edge/sip/sdp",
		"sekisho/edge/sip/flow", "sekisho/edge/sip/token", "sekisho/edge/sip/callid", "sekisho/edge/sip/deadline",
		"sekisho/edge/seam", "sekisho/edge/trunk", "sekisho/edge/cdr",
		"sekisho/policy", "sekisho/policy/number", "sekisho/policy/profile", "sekisho/media/ebb", "sekisho/media/relay", "sekisho/media/dtmf",
	}, Deny: map[string]string{
		"sekisho/edge/core":    "border and core talk only SIP and RTP",
		"sekisho/media/engine": "the border commands media by values",
	}})
}
