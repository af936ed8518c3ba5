package e2e

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// Loopback returns an address of 127/8 on which nothing is bound by habit, so
// that a whole range of ports is free for a trial.
func Loopback() netip.Addr {
	return netip.AddrFrom4([4]byte{127, byte(16 + rand.IntN(200)), byte(rand.IntN(256)), byte(1 + rand.IntN(254))})
}

// FreeUDP returns a UDP port of addr that was free a moment ago. On a Loopback
// address it stays so until its owner binds it.
func FreeUDP(addr netip.Addr) (netip.AddrPort, error) {
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, 0)))
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("find a free port: %w", err)
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).AddrPort(), nil
}

// AwaitBound waits until somebody has bound at, which is all that a peer
// without a ready line shows.
func AwaitBound(at netip.AddrPort, patience time.Duration) error {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
		if errors.Is(err, syscall.EADDRINUSE) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("look at %s: %w", at, err)
		}
		c.Close()
		time.Sleep(10 * time.Millisecond) // leave it free for its owner
	}
	return fmt.Errorf("nobody has bound %s after %v", at, patience)
}
