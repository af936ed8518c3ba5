package transport

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"testing"
	"time"

	"sekisho/edge/sip/callid"
	"sekisho/edge/sip/flow"
)

var testKey = callid.Key{1, 2, 3}

// arrived is a copy of what a shard was given.
type arrived struct {
	shard int
	flow  flow.Flow
	data  []byte
}

// inbox is a consumer that copies and frees at once.
type inbox struct {
	mu       sync.Mutex
	messages []arrived
}

func (in *inbox) config(shards int, listens ...Listen) Config {
	return Config{
		Listeners: listens, Shards: shards, Key: testKey, Scan: scanCallID,
		Deliver: func(shard int, b *Batch) bool {
			in.mu.Lock()
			for _, m := range b.Messages {
				if m.At.IsZero() {
					panic("message without a time")
				}
				in.messages = append(in.messages, arrived{shard, m.Flow, bytes.Clone(m.Data)})
			}
			in.mu.Unlock()
			b.Free()
			return true
		},
	}
}

func (in *inbox) await(t *testing.T, n int) {
	t.Helper()
	waitFor(t, fmt.Sprintf("%d messages", n), func() bool {
		in.mu.Lock()
		defer in.mu.Unlock()
		return len(in.messages) >= n
	})
}

// quiet is the configuration of a transport that only sends.
func quiet(listens ...Listen) Config {
	return (&inbox{}).config(1, listens...)
}

func start(t testing.TB, wrap wrapper, c Config) *Transport {
	t.Helper()
	tr, err := open(c, wrap)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tr.Close)
	return tr
}

// scanCallID stands for the header room's scan.
func scanCallID(b []byte) ([]byte, error) {
	if bytes.HasPrefix(b, []byte("PANIC")) {
		panic("scan met its fault")
	}
	const name = "\r\nCall-ID: "
	i := bytes.Index(b, []byte(name))
	if i < 0 {
		return nil, errors.New("no Call-ID")
	}
	b = b[i+len(name):]
	return b[:bytes.IndexByte(b, '\r')], nil
}

// numbered is the n-th request of a test: content and length follow from n.
func numbered(n int) []byte {
	b := fmt.Appendf(nil, "OPTIONS sip:edge.example SIP/2.0\r\nCall-ID: %s\r\nCSeq: %d OPTIONS\r\n\r\n", callOf(n), n)
	for i := range n % 700 {
		b = append(b, byte(n*31+i))
	}
	return b
}

func callOf(n int) string { return fmt.Sprintf("call-%d@192.0.2.1", n%97) }

func numberOf(t *testing.T, b []byte) int {
	t.Helper()
	_, rest, _ := bytes.Cut(b, []byte("CSeq: "))
	digits, _, _ := bytes.Cut(rest, []byte(" "))
	n, err := strconv.Atoi(string(digits))
	if err != nil {
		t.Fatalf("no number in %q", b)
	}
	return n
}

func at(host netip.Addr) netip.AddrPort { return netip.AddrPortFrom(host, 0) }

func needs(t *testing.T, host netip.Addr) {
	t.Helper()
	if host.Is6() && !hasIPv6() {
		t.Skip("this system has no IPv6 loopback address")
	}
}

func hasIPv6() bool {
	c, err := net.ListenUDP("udp6", &net.UDPAddr{IP: net.IPv6loopback})
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// peer is a plain socket that talks to listener 0.
type peer struct{ *net.UDPConn }

func dial(t testing.TB, to *Transport) peer {
	t.Helper()
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to.Addr(0)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return peer{c}
}

func (p peer) port() uint16 { return p.LocalAddr().(*net.UDPAddr).AddrPort().Port() }

func (p peer) write(t testing.TB, b []byte) {
	t.Helper()
	if _, err := p.Write(b); err != nil {
		t.Fatal(err)
	}
}

// silent fails if anything has come back. On loopback an answer is queued
// before the call that sent it returns.
func (p peer) silent(t *testing.T) {
	t.Helper()
	if err := p.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	var b [2048]byte
	if n, err := p.Read(b[:]); err == nil {
		t.Fatalf("answered with %q", b[:n])
	}
}

func waitFor(t testing.TB, what string, done func() bool) {
	t.Helper()
	// Polling a counter that another goroutine moves: the limit is for a test
	// that fails, the usual wait is microseconds.
	for limit := time.Now().Add(10 * time.Second); !done(); {
		if time.Now().After(limit) {
			t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(50 * time.Microsecond)
	}
}

// still is a transport whose first listener no goroutine reads: the test does.
func still(t testing.TB, c Config) (*Transport, socket) {
	t.Helper()
	var inner socket
	tr := start(t, func(conn *net.UDPConn, limit int) (socket, error) {
		var err error
		inner, err = newSocket(conn, limit)
		return &unread{socket: inner, closed: make(chan struct{})}, err
	}, c)
	return tr, inner
}

// unread hides a socket's datagrams from the transport's reader.
type unread struct {
	socket
	closed chan struct{}
}

func (u *unread) receive() ([]slot, error) {
	<-u.closed
	return nil, net.ErrClosed
}

func (u *unread) close() error {
	if err := u.socket.close(); err != nil {
		return err
	}
	close(u.closed)
	return nil
}

func address(n uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, byte(n >> 8), byte(n)}), 5060)
}
