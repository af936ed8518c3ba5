package e2e

import (
	"net"
	"testing"
	"time"
)

func TestAwaitBound(t *testing.T) {
	at, err := FreeUDP(Loopback())
	if err != nil {
		t.Fatal(err)
	}
	if err := AwaitBound(at, 30*time.Millisecond); err == nil {
		t.Error("nobody has bound it")
	}
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := AwaitBound(at, time.Second); err != nil {
		t.Error(err)
	}
}
