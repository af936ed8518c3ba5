package e2e

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"strings"
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

// AwaitBound waits until somebody has bound the IPv4 socket at, which is all
// that a peer without a ready line shows. The kernel's table says so: to try and
// bind it would be in the way of its owner.
func AwaitBound(at netip.AddrPort, patience time.Duration) error {
	octets := at.Addr().As4()
	want := fmt.Sprintf(" %s:%04X ", strings.ToUpper(hex.EncodeToString(binary.NativeEndian.AppendUint32(nil, binary.BigEndian.Uint32(octets[:])))), at.Port())
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		table, err := os.ReadFile("/proc/net/udp")
		if err != nil {
			return fmt.Errorf("look at %s: %w", at, err)
		}
		if strings.Contains(string(table), want) {
			return nil
		}
	}
	return fmt.Errorf("nobody has bound %s after %v", at, patience)
}

// Neighbour returns an address of the same /24. Parties of one trial are
// neighbours, so that one Wire hears them all.
func Neighbour(of netip.Addr, host byte) netip.Addr {
	a := of.As4()
	a[3] = host
	return netip.AddrFrom4(a)
}
