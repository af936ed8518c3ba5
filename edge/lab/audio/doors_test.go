package audio

import (
	"testing"

	"sekisho/edge/lab/doors"
)

func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{
		Allow:   []string{"sekisho/media/g711", "sekisho/media/relay"},
		Machine: true,
	})
}
