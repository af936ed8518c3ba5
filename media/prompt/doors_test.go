package prompt

import (
	"testing"

	"sekisho/edge/lab/doors"
)

func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{
		Allow:   []string{"sekisho/media/g711"},
		Machine: true,
		Except:  map[string]string{"folder.go": "reads the operator's folder at start"},
	})
}
