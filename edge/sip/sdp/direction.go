package sdp

import (
	"strings"

	"sekisho/media/relay"
)

// Reverse returns d seen from the other side: what one side only sends, the
// other only receives (RFC 3264 §6.1).
func Reverse(d relay.Direction) relay.Direction {
	switch d {
	case relay.SendOnly:
		return relay.RecvOnly
	case relay.RecvOnly:
		return relay.SendOnly
	case relay.SendRecv, relay.Inactive:
	}
	return d
}

// Narrow returns what both a and b allow. Both are the same side's view.
func Narrow(a, b relay.Direction) relay.Direction {
	sends, receives := a.Sends() && b.Sends(), a.Receives() && b.Receives()
	switch {
	case sends && receives:
		return relay.SendRecv
	case sends:
		return relay.SendOnly
	case receives:
		return relay.RecvOnly
	}
	return relay.Inactive
}

func directionName(d relay.Direction) string {
	switch d {
	case relay.SendRecv:
		return "sendrecv"
	case relay.SendOnly:
		return "sendonly"
	case relay.RecvOnly:
		return "recvonly"
	case relay.Inactive:
	}
	return "inactive"
}

// parseDirection reads an attribute name; sendrecv is also the default of
// what is not a direction (RFC 3264 §5.1).
func parseDirection(name string) (relay.Direction, bool) {
	for _, d := range [...]relay.Direction{relay.SendRecv, relay.SendOnly, relay.RecvOnly, relay.Inactive} {
		if strings.EqualFold(name, directionName(d)) {
			return d, true
		}
	}
	return relay.SendRecv, false
}
