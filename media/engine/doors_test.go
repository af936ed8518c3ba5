package engine

import (
	"testing"

	"sekisho/edge/lab/doors"
)

func TestDoors(t *testing.T) {
	rim := "the rim: threads, sockets and locks live here"
	doors.Check(t, doors.Rule{
		Machine: true, Ebbs: true,
		Allow: []string{
			"sekisho/media/dtls", "sekisho/media/ebb", "sekisho/media/g711", "sekisho/media/port", "sekisho/media/relay", "sekisho/media/srtp", "golang.org/x/sys/unix",
		},
		Except: map[string]string{
			"engine.go": rim, "figures.go": rim, "ledger.go": rim, "mailbox.go": rim, "tend.go": rim,
			"loop_linux.go": rim, "loop_other.go": rim, "socket_linux.go": rim,
		},
	})
}
