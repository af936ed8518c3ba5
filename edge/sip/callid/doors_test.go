package callid

import (
	"testing"

	"sekisho/edge/lab/doors"
)

func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{
		Allow:   []string{"github.com/dchest/siphash"},
		Machine: true,
	})
}
