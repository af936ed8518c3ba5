package siptest

import (
	"testing"

	"sekisho/edge/lab/doors"
)

func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{
		Machine: true,
		Except:  map[string]string{"forward.go": "it owns the sockets; what becomes of a datagram is decided in impair.go"},
		Allow: []string{
			"github.com/emiago/sipgo/sip", "sekisho/media/relay",
			"sekisho/edge/sip/cause", "sekisho/edge/sip/header", "sekisho/edge/sip/sdp",
		},
	})
}
