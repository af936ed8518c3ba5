package registrar

import (
	"testing"

	"sekisho/edge/lab/doors"
)

func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{Machine: true, Allow: []string{
		"github.com/emiago/sipgo/sip",
		"sekisho/edge/sip/header", "sekisho/edge/sip/flow", "sekisho/edge/sip/token", "sekisho/edge/sip/deadline",
	}, Deny: map[string]string{
		"sekisho/edge/core":   "the core uses the registrar",
		"sekisho/edge/sip/ua": "a registrar makes no calls",
	}})
}
