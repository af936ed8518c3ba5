package transport

import (
	"fmt"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// prepare sets a socket's options and returns the receive buffer granted: no
// less than asked for with CAP_NET_ADMIN, otherwise up to net.core.rmem_max.
func prepare(conn *net.UDPConn, conf Listen) (granted int, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	outer := raw.Control(func(fd uintptr) { granted, err = setOptions(int(fd), conf) })
	if outer != nil {
		return 0, outer
	}
	return granted, err
}

func setOptions(fd int, conf Listen) (granted int, err error) {
	for _, o := range []struct{ forced, plain int }{
		{unix.SO_RCVBUFFORCE, unix.SO_RCVBUF},
		{unix.SO_SNDBUFFORCE, unix.SO_SNDBUF},
	} {
		if unix.SetsockoptInt(fd, unix.SOL_SOCKET, o.forced, conf.ReceiveBuffer) == nil {
			continue
		}
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, o.plain, conf.ReceiveBuffer); err != nil {
			return 0, fmt.Errorf("set socket buffer: %w", err)
		}
	}
	level, option := unix.IPPROTO_IPV6, unix.IPV6_TCLASS
	if conf.Bind.Addr().Is4() {
		level, option = unix.IPPROTO_IP, unix.IP_TOS
	}
	if err := unix.SetsockoptInt(fd, level, option, int(conf.DSCP)<<2); err != nil {
		return 0, fmt.Errorf("set DSCP: %w", err)
	}
	doubled, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF)
	if err != nil {
		return 0, fmt.Errorf("read socket buffer: %w", err)
	}
	return doubled / 2, nil // socket(7): the kernel doubles the value
}

func shareRaw(raw syscall.RawConn) (err error) {
	outer := raw.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	})
	if outer != nil {
		return outer
	}
	if err != nil {
		return fmt.Errorf("share address: %w", err)
	}
	return nil
}
