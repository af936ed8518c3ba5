package dtls

import (
	"testing"

	"sekisho/edge/lab/doors"
)

func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{
		Allow: []string{"github.com/pion/dtls/v3", "github.com/pion/logging", "sekisho/media/relay", "sekisho/media/srtp"},
		Deny:  map[string]string{"log/slog": "keys are near", "log": "keys are near"},
	})
}
