package shard

import (
	"testing"

	"sekisho/edge/lab/doors"
)

func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{Allow: []string{
		"sekisho/edge/cdr", "sekisho/edge/sip/transport", "sekisho/edge/sip/ua", "sekisho/media/ebb", "sekisho/media/relay",
	}, Deny: map[string]string{
		"sekisho/edge/sip/leg": "a loop knows its machine, not what is inside",
		"net":                  "sockets are the transport's",
	}})
}
