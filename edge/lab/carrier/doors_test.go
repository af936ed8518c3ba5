package carrier

import (
	"testing"

	"sekisho/edge/lab/doors"
)

func TestDoors(t *testing.T) {
	const evidence = "what plays the far side must not share the decisions it is there to try"
	doors.Check(t, doors.Rule{
		Allow: []string{
			"github.com/emiago/sipgo/sip", "github.com/pion/rtp", "github.com/pion/srtp/v3",
			"sekisho/edge/lab/audio", "sekisho/edge/lab/siptest", "sekisho/edge/sip/...",
			"sekisho/media/g711", "sekisho/media/quality", "sekisho/media/relay", "sekisho/media/srtp",
		},
		Deny: map[string]string{
			"sekisho/edge/border/...":  evidence,
			"sekisho/edge/core/...":    evidence,
			"sekisho/policy/...":       evidence,
			"sekisho/media/engine/...": "media of the lab is built and counted by hand",
		},
	})
}
