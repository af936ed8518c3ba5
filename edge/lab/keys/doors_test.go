package keys

import (
	"testing"

	"sekisho/edge/lab/doors"
)

func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{
		Machine: true,
		Allow:   []string{"sekisho/media/relay"},
		Deny:    map[string]string{"sekisho/media/dtmf": "it is what is judged here"},
		Except:  map[string]string{"press.go": "draws from a source passed in", "weather.go": "draws from a source passed in"},
	})
}
