package demo

import (
	"testing"

	"sekisho/edge/lab/doors"
)

func TestDoors(t *testing.T) {
	const outside = "the demo looks at the product from outside"
	doors.Check(t, doors.Rule{
		Allow: []string{
			"sekisho/edge/config", "sekisho/edge/node", "sekisho/edge/sip/cause",
			"sekisho/edge/lab/audio", "sekisho/edge/lab/carrier", "sekisho/edge/lab/siptest",
			"sekisho/media/prompt", "sekisho/policy", "sekisho/policy/number",
		},
		Deny: map[string]string{
			"sekisho/edge/border/...":  outside,
			"sekisho/edge/core/...":    outside,
			"sekisho/media/engine/...": outside,
			"sekisho/media/relay/...":  outside,
		},
	})
}
