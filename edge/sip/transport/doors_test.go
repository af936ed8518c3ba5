package transport

import (
	"testing"

	"sekisho/edge/lab/doors"
)

func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{
		Allow: []string{
			"sekisho/edge/sip/callid",
			"sekisho/edge/sip/flow",
			"golang.org/x/sys/unix",
		},
		Deny: map[string]string{
			"golang.org/x/net/...": "its batch calls allocate an address per datagram",
		},
	})
}
