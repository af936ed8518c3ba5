package transport

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sekisho/edge/sip/flow"
)

// rawOf runs f on the first socket of a listener.
func rawOf(t *testing.T, tr *Transport, l flow.Listener, f func(fd int)) {
	t.Helper()
	if err := tr.listeners[l].sockets[0].(*multi).raw.Control(func(fd uintptr) { f(int(fd)) }); err != nil {
		t.Fatal(err)
	}
}

// An ICMP "port unreachable" for an earlier datagram comes as an error of the
// next call, reading or sending. It shall end neither.
func TestICMPErrorEndsNothing(t *testing.T) {
	var in inbox
	tr := start(t, newSocket, in.config(1, Listen{Bind: at(loopback4), Sources: everyone}))
	rawOf(t, tr, 0, func(fd int) {
		// Without it an unconnected socket is not told at all.
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_RECVERR, 1); err != nil {
			t.Fatal(err)
		}
	})
	gone, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(at(loopback4)))
	if err != nil {
		t.Fatal(err)
	}
	nobody := gone.LocalAddr().(*net.UDPAddr).AddrPort()
	gone.Close()
	good := dial(t, tr)
	home := good.LocalAddr().(*net.UDPAddr).AddrPort()
	rounds := 0
	// The kernel limits ICMP messages for the whole system (icmp(7),
	// icmp_msgs_per_sec), so a first one may take a while to come.
	waitFor(t, "an error to be provoked", func() bool {
		out := []Outgoing{
			{Flow: flow.Flow{Remote: home}, Data: numbered(rounds)},
			{Flow: flow.Flow{Remote: nobody}, Data: numbered(rounds)},
		}
		if tr.Send(out); out[0].Err != nil {
			t.Fatalf("the error of another peer's datagram: %v", out[0].Err)
		}
		var b [2048]byte
		if err := good.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := good.Read(b[:]); err != nil {
			t.Fatal(err)
		}
		good.write(t, numbered(rounds))
		rounds++
		in.await(t, rounds)
		c := tr.Counters(0)
		return c.ReceiveErrors+c.SendRetries > 20
	})
}

// A socket that always fails must neither spin nor keep Close waiting.
func TestPersistentErrorIsPaused(t *testing.T) {
	var in inbox
	broken := &failing{closed: make(chan struct{})}
	tr := start(t, func(conn *net.UDPConn, _ int) (socket, error) {
		broken.conn = conn
		return broken, nil
	}, in.config(1, Listen{Bind: at(loopback4)}))
	waitFor(t, "the pause", func() bool { return tr.Counters(0).ReceiveErrors > 2*batchLength })
	begin := time.Now()
	before := tr.Counters(0).ReceiveErrors
	waitFor(t, "five errors", func() bool { return tr.Counters(0).ReceiveErrors >= before+5 })
	if took := time.Since(begin); took < 20*time.Millisecond {
		t.Errorf("five more errors within %s", took)
	}
	tr.Close()
}

type failing struct {
	conn   *net.UDPConn
	closed chan struct{}
}

func (f *failing) receive() ([]slot, error) {
	select {
	case <-f.closed:
		return nil, net.ErrClosed
	default:
		return nil, unix.ENETDOWN
	}
}
func (f *failing) poll() ([]slot, error)         { return nil, nil }
func (f *failing) send([]*Outgoing) (int, error) { return 0, unix.ENOBUFS }
func (f *failing) kernelDrops() uint64           { return 0 }
func (f *failing) close() error {
	if err := f.conn.Close(); err != nil {
		return err
	}
	close(f.closed)
	return nil
}

func TestFullSendBufferIsTriedTwice(t *testing.T) {
	tr := start(t, func(conn *net.UDPConn, _ int) (socket, error) {
		return &failing{conn: conn, closed: make(chan struct{})}, nil
	}, quiet(Listen{Bind: at(loopback4)}))
	out := make([]Outgoing, 3)
	for i := range out {
		out[i].Flow.Remote = netip.MustParseAddrPort("192.0.2.1:5060")
	}
	if failed := tr.Send(out); failed != 3 || !errors.Is(out[2].Err, unix.ENOBUFS) {
		t.Fatalf("%d failed: %v", failed, out[2].Err)
	}
	if c := tr.Counters(0); c.SendRetries != 3 || c.SendFailed != 3 || c.Sent != 0 {
		t.Fatalf("%+v", c)
	}
}

// RFC 2474 §3: the DSCP is the upper six bits of the TOS or traffic class.
func TestDSCPIsOnTheWire(t *testing.T) {
	for _, host := range []netip.Addr{loopback4, loopback6} {
		t.Run(host.String(), func(t *testing.T) {
			needs(t, host)
			tr := start(t, newSocket, quiet(Listen{Bind: at(host), DSCP: 32}))
			sink, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at(host)))
			if err != nil {
				t.Fatal(err)
			}
			defer sink.Close()
			raw, err := sink.SyscallConn()
			if err != nil {
				t.Fatal(err)
			}
			level, option, kind := unix.IPPROTO_IPV6, unix.IPV6_RECVTCLASS, unix.IPV6_TCLASS
			if host.Is4() {
				level, option, kind = unix.IPPROTO_IP, unix.IP_RECVTOS, unix.IP_TOS
			}
			if outer := raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), level, option, 1) }); outer != nil || err != nil {
				t.Fatal(outer, err)
			}
			out := []Outgoing{{Flow: flow.Flow{Remote: sink.LocalAddr().(*net.UDPAddr).AddrPort()}, Data: numbered(1)}}
			if tr.Send(out) != 0 {
				t.Fatal(out[0].Err)
			}
			var data, control [2048]byte
			_, n, _, _, err := sink.ReadMsgUDPAddrPort(data[:], control[:])
			if err != nil {
				t.Fatal(err)
			}
			parsed, err := unix.ParseSocketControlMessage(control[:n])
			if err != nil || len(parsed) != 1 || int(parsed[0].Header.Type) != kind {
				t.Fatalf("control message %+v: %v", parsed, err)
			}
			if tos := parsed[0].Data[0]; tos != 0x80 {
				t.Fatalf("TOS 0x%02x, want 0x80", tos)
			}
		})
	}
}

func TestReceiveBufferIsReported(t *testing.T) {
	tr := start(t, newSocket, quiet(Listen{Bind: at(loopback4), ReceiveBuffer: 100_000}, Listen{Bind: at(loopback4)}))
	if got := tr.ReceiveBuffer(0); got != 100_000 {
		t.Errorf("asked for 100,000 bytes, granted %d", got)
	}
	if got := tr.ReceiveBuffer(1); got <= 0 || got > defaultReceiveBuffer {
		t.Errorf("asked for 4 MiB, granted %d", got)
	}
}

// What the kernel drops before us is no secret: Delivered and the drops add up
// to what was sent.
func TestKernelDropsAreCounted(t *testing.T) {
	var in inbox
	block := make(chan struct{})
	c := in.config(1, Listen{Bind: at(loopback4), Sources: everyone, ReceiveBuffer: 20_000})
	take := c.Deliver
	c.Deliver = func(shard int, b *Batch) bool { <-block; return take(shard, b) }
	tr := start(t, newSocket, c)
	peer := dial(t, tr)
	const total = 500
	for i := range total {
		peer.write(t, numbered(i))
	}
	dropped := tr.Counters(0).KernelDropped
	close(block)
	if dropped == 0 || dropped >= total {
		t.Fatalf("%d of %d dropped by a 20,000 byte buffer", dropped, total)
	}
	in.await(t, total-int(dropped))
	waitFor(t, "the sum", func() bool { return tr.Counters(0).Delivered == total-dropped })
}

// Every reader of a listener gets its share of the sources.
func TestReadersShareTheSources(t *testing.T) {
	var in inbox
	tr := start(t, newSocket, in.config(1, Listen{Bind: at(loopback4), Sources: everyone, Readers: 4}))
	const peers = 200
	for i := range peers {
		dial(t, tr).write(t, numbered(i))
	}
	in.await(t, peers)
	for i := range tr.listeners[0].counters {
		if n := tr.listeners[0].counters[i].received.Load(); n < peers/20 {
			t.Errorf("reader %d had %d of %d sources", i, n, peers)
		}
	}
}
