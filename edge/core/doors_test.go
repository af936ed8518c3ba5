package core

import (
	"testing"

	"sekisho/edge/lab/doors"
)

func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{Machine: true, Ebbs: true, Allow: []string{
		"github.com/emiago/sipgo/sip",
		"sekisho/edge/core/registrar",
		"sekisho/edge/sip/ua", "sekisho/edge/sip/leg", "sekisho/edge/sip/cause", "sekisho/edge/sip/header", "sekisho/edge/sip/sdp",
		"sekisho/edge/sip/flow", "sekisho/edge/sip/token", "sekisho/edge/sip/callid", "sekisho/edge/sip/deadline",
		"sekisho/edge/seam", "sekisho/edge/cdr", "sekisho/policy/number", "sekisho/media/ebb", "sekisho/media/relay",
	}, Deny: map[string]string{
		"sekisho/edge/border":  "border and core talk only SIP and RTP",
		"sekisho/edge/config":  "the composition root translates the directory",
		"sekisho/media/engine": "the core commands media by values",
	}})
}
