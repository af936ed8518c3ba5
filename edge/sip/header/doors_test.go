package header

import (
	"testing"

	"sekisho/edge/lab/doors"
)

func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{
		Allow:   []string{"github.com/emiago/sipgo/sip"},
		Machine: true,
	})
}
