package ua

import (
	"net/netip"
	"strings"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/flow"
)

// resolve turns the next hop of an in-dialog request into a flow. Only an
// address of the same peer is followed: a Contact or a Record-Route never
// takes our requests to a third party.
func (u *UA) resolve(nextHop string, established flow.Flow) flow.Flow {
	var uri sip.Uri
	if sip.ParseUri(nextHop, &uri) != nil {
		return established
	}
	addr, err := netip.ParseAddr(strings.Trim(uri.Host, "[]"))
	if err != nil || uri.Port < 0 || uri.Port > 65535 {
		return established
	}
	port := uri.Port
	if port == 0 {
		port = 5060
	}
	f := established
	f.Remote = netip.AddrPortFrom(addr.Unmap().WithZone(""), uint16(port))
	if f == established {
		return f
	}
	was, ok := u.cfg.Peer(established)
	if is, known := u.cfg.Peer(f); !ok || !known || is != was {
		return established
	}
	return f
}
