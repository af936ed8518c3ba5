//go:build linux && (amd64 || arm64)

package engine

import (
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"

	"sekisho/media/port"
)

// DescriptorLimit returns how many descriptors this process may open. The Go
// runtime has raised the soft limit to the hard one at start.
func DescriptorLimit() (int, error) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("read descriptor limit: %w", err)
	}
	return int(min(limit.Cur, 1<<24)), nil
}

// anyPortTries is how often a pair at a port of the system's choice is tried.
const anyPortTries = 32

// bindPair opens both sockets of a pair (port.Bind).
func bindPair(rtp netip.AddrPort) (port.Pair, error) {
	if rtp.Port() != 0 {
		return bindAt(rtp)
	}
	for range anyPortTries {
		probe, got, err := bindSocket(rtp)
		if err != nil {
			return port.Pair{}, err
		}
		if err := unix.Close(probe); err != nil {
			return port.Pair{}, fmt.Errorf("close probe: %w", err)
		}
		pair, err := bindAt(netip.AddrPortFrom(got.Addr(), got.Port()&^1))
		if err == nil || errors.Is(err, port.ErrNoDescriptors) {
			return pair, err
		}
	}
	return port.Pair{}, errors.New("no even/odd pair of ports is free")
}

func bindAt(rtp netip.AddrPort) (port.Pair, error) {
	first, _, err := bindSocket(rtp)
	if err != nil {
		return port.Pair{}, err
	}
	second, _, err := bindSocket(netip.AddrPortFrom(rtp.Addr(), rtp.Port()+1))
	if err != nil {
		return port.Pair{}, errors.Join(err, unix.Close(first))
	}
	return port.Pair{Addr: rtp, Sockets: port.Sockets{RTP: int32(first), RTCP: int32(second)}}, nil
}

// bindSocket returns a non-blocking UDP socket with receive time stamps and TOS,
// and the address it is bound to.
func bindSocket(at netip.AddrPort) (int, netip.AddrPort, error) {
	family := unix.AF_INET6
	var name unix.Sockaddr = &unix.SockaddrInet6{Port: int(at.Port()), Addr: at.Addr().As16()}
	if a := at.Addr().Unmap(); a.Is4() {
		family = unix.AF_INET
		name = &unix.SockaddrInet4{Port: int(at.Port()), Addr: a.As4()}
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.IPPROTO_UDP)
	if errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) {
		return -1, at, fmt.Errorf("%w: %w", port.ErrNoDescriptors, err)
	}
	if err != nil {
		return -1, at, fmt.Errorf("open media socket: %w", err)
	}
	if family == unix.AF_INET6 {
		err = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1)
	}
	if family == unix.AF_INET {
		err = errors.Join(err, unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_RECVTOS, 1))
	} else {
		err = errors.Join(err, unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_RECVTCLASS, 1))
	}
	err = errors.Join(err, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1), unix.Bind(fd, name))
	if err == nil {
		name, err = unix.Getsockname(fd)
	}
	if err != nil {
		return -1, at, errors.Join(fmt.Errorf("bind media socket %v: %w", at, err), unix.Close(fd))
	}
	return fd, addrPort(name), nil
}

func addrPort(name unix.Sockaddr) netip.AddrPort {
	switch n := name.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(n.Addr), uint16(n.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(n.Addr), uint16(n.Port))
	}
	return netip.AddrPort{}
}

// setTOS marks what the socket sends. One of the two options does not apply to
// the socket's family, and a mark that is not set never fails a call.
func setTOS(fd, tos int) {
	if unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_TOS, tos) != nil {
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_TCLASS, tos)
	}
}

func closePair(p port.Pair) error {
	return errors.Join(unix.Close(int(p.Sockets.RTP)), unix.Close(int(p.Sockets.RTCP)))
}
