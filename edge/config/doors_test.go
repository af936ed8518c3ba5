package config

import (
	"testing"

	"sekisho/edge/lab/doors"
)

func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{
		Allow: []string{"sekisho/policy/...", "sekisho/edge/sip/flow"},
		Deny: map[string]string{
			"net":      "configuration opens no sockets and resolves no names; net/netip is enough",
			"log/slog": "faults are returned, whoever reads the file prints them",
		},
	})
}
