package load

import (
	"testing"

	"sekisho/edge/lab/doors"
)

func TestDoors(t *testing.T) {
	const evidence = "what plays the far side must not share what it is there to try"
	doors.Check(t, doors.Rule{
		Allow: []string{"github.com/pion/rtp", "github.com/pion/srtp/v3", "golang.org/x/sys/unix", "sekisho/edge/sip/deadline"},
		Deny: map[string]string{
			"sekisho/edge/border/...": evidence, "sekisho/edge/core/...": evidence, "sekisho/policy/...": evidence, "sekisho/media/...": evidence,
		},
	})
}
