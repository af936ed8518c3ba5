package e2e

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// Loopback returns an address of 127/8 on which nothing is bound by habit, so
// that a whole range of ports is free for a trial.
func Loopback() netip.Addr {
	return netip.AddrFrom4([4]byte{127, byte(16 + rand.IntN(200)), byte(rand.IntN(256)), byte(1 + rand.IntN(254))})
}

// FreeUDP returns a UDP port of addr that was free a moment ago and is none of
// those taken, which nobody may have bound yet. On a Loopback address it stays
// free until its owner binds it.
func FreeUDP(addr netip.Addr, taken ...netip.AddrPort) (netip.AddrPort, error) {
	for {
		c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, 0)))
		if err != nil {
			return netip.AddrPort{}, fmt.Errorf("find a free port: %w", err)
		}
		at := c.LocalAddr().(*net.UDPAddr).AddrPort()
		if err := c.Close(); err != nil {
			return netip.AddrPort{}, fmt.Errorf("find a free port: %w", err)
		}
		if !slices.Contains(taken, at) {
			return at, nil
		}
	}
}

// AwaitBound waits until somebody has bound the IPv4 socket at, which is all
// that a peer without a ready line shows. The kernel says so: to try and bind it
// would be in the way of its owner.
func AwaitBound(at netip.AddrPort, patience time.Duration) error {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if found, err := bound(at); found || err != nil {
			return err
		}
	}
	return fmt.Errorf("nobody has bound %s after %v", at, patience)
}

// bound asks for one socket (sock_diag(7), udp_diag): to read the table of all
// takes seconds where another program has ten thousands.
func bound(at netip.AddrPort) (bool, error) {
	line, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_INET_DIAG)
	if err != nil {
		return false, fmt.Errorf("ask for sockets: %w", err)
	}
	defer unix.Close(line)
	const head, ask, byFamily = unix.NLMSG_HDRLEN, 56, 20 // struct inet_diag_req_v2; SOCK_DIAG_BY_FAMILY
	m := binary.NativeEndian.AppendUint32(nil, head+ask)
	m = binary.NativeEndian.AppendUint16(m, byFamily)
	m = binary.NativeEndian.AppendUint16(m, unix.NLM_F_REQUEST)
	m = append(m, make([]byte, 8)...) // sequence, port
	m = append(m, unix.AF_INET, unix.IPPROTO_UDP, 0, 0, 0xff, 0xff, 0xff, 0xff)
	// It is looked up as a datagram would be: its source is nobody, its destination the socket.
	m = append(m, 0, 0)
	m = binary.BigEndian.AppendUint16(m, at.Port())
	m = append(m, make([]byte, 16)...)
	octets := at.Addr().As4()
	m = append(append(m, octets[:]...), make([]byte, 12+4)...)
	m = append(m, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff) // any cookie
	if err := unix.Sendto(line, m, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return false, fmt.Errorf("ask for %s: %w", at, err)
	}
	answer := make([]byte, 4<<10)
	n, _, err := unix.Recvfrom(line, answer, 0)
	if err != nil || n < head+4 {
		return false, fmt.Errorf("ask for %s: %d octets, %w", at, n, err)
	}
	if binary.NativeEndian.Uint16(answer[4:]) == byFamily {
		return true, nil
	}
	if no := unix.Errno(-int32(binary.NativeEndian.Uint32(answer[head:]))); no != unix.ENOENT {
		return false, fmt.Errorf("ask for %s: %w", at, no)
	}
	return false, nil
}

// Neighbour returns an address of the same /24. Parties of one trial are
// neighbours, so that one Wire hears them all.
func Neighbour(of netip.Addr, host byte) netip.Addr {
	a := of.As4()
	a[3] = host
	return netip.AddrFrom4(a)
}
