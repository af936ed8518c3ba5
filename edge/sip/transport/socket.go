package transport

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

// socket is one bound UDP socket. receive and poll are called by one goroutine,
// send by any; close ends both with net.ErrClosed.
type socket interface {
	// receive waits for at least one datagram. The slots are valid until the
	// next call. They leave no capacity where the socket may hold more.
	receive() ([]slot, error)
	// poll is receive for what is there already, maybe nothing.
	poll() ([]slot, error)
	// send hands over list from its start, without waiting, and returns how
	// many the kernel took; an error concerns the first one it did not take,
	// or none in particular.
	send(list []*Outgoing) (int, error)
	// kernelDrops is the number of datagrams that found the receive buffer
	// full, or 0.
	kernelDrops() uint64
	close() error
}

// wrapper makes a socket of conn that receives messages up to limit bytes, and
// takes conn over.
type wrapper func(conn *net.UDPConn, limit int) (socket, error)

// slot is one received datagram.
type slot struct {
	data     []byte
	remote   netip.AddrPort // unmapped, without zone
	oversize bool           // data is cut off
}

// bind opens a UDP socket alone at its address.
func bind(addr netip.AddrPort) (*net.UDPConn, error) { return listenUDP(addr, net.ListenConfig{}) }

// join opens a UDP socket at an address whose sockets allow it to be shared.
func join(addr netip.AddrPort) (*net.UDPConn, error) {
	return listenUDP(addr, net.ListenConfig{
		Control: func(_, _ string, raw syscall.RawConn) error { return shareRaw(raw) },
	})
}

func listenUDP(addr netip.AddrPort, c net.ListenConfig) (*net.UDPConn, error) {
	network := "udp6"
	if addr.Addr().Is4() {
		network = "udp4"
	}
	conn, err := c.ListenPacket(context.Background(), network, addr.String())
	if err != nil {
		return nil, err
	}
	// A udp network gives a UDPConn.
	return conn.(*net.UDPConn), nil
}

// share lets later sockets join conn's address.
func share(conn *net.UDPConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return fmt.Errorf("share address: %w", err)
	}
	return shareRaw(raw)
}
