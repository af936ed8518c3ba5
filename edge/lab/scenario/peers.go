package scenario

import (
	"fmt"
	"strings"
	"time"
)

// peers tells what is held against the peers that calls are sent to: peers.
// Those against whom there is nothing are left out.
func (p *play) peers(command) (string, error) {
	var b strings.Builder
	for _, s := range p.world.board.States(p.world.now) {
		if s.Up && s.Paused == 0 && s.Misses == 0 {
			continue
		}
		state := "up"
		if !s.Up {
			state = "down"
		}
		fmt.Fprintf(&b, "expect peer %s %s: %s, %d missed", s.Group, s.Peer.Remote.Addr(), state, s.Misses)
		if s.Paused > 0 {
			fmt.Fprintf(&b, ", out of use for %s", s.Paused.Round(time.Millisecond))
		}
		b.WriteString("\n")
	}
	if b.Len() == 0 {
		return "expect peers: all are well\n", nil
	}
	return b.String(), nil
}
