package transport

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"sekisho/edge/sip/callid"
	"sekisho/edge/sip/flow"
)

var (
	loopback4 = netip.MustParseAddr("127.0.0.1")
	loopback6 = netip.MustParseAddr("::1")
	everyone  = []Source{
		{Prefix: netip.MustParsePrefix("127.0.0.0/8")},
		{Prefix: netip.MustParsePrefix("::1/128")},
	}
)

// wrappers are both implementations of socket; every system's tests run the
// portable one.
var wrappers = map[string]wrapper{"system": newSocket, "portable": newSingle}

func TestBurstArrivesUnchanged(t *testing.T) {
	const total = 20_000
	for name, wrap := range wrappers {
		for _, host := range []netip.Addr{loopback4, loopback6} {
			t.Run(fmt.Sprintf("%s/%s", name, host), func(t *testing.T) {
				needs(t, host)
				var in inbox
				server := start(t, wrap, in.config(3, Listen{Bind: at(host), Sources: everyone, Readers: readersFor(name)}))
				client := start(t, wrap, quiet(Listen{Bind: at(host)}))

				// The sender keeps within what the receiver's buffer surely holds:
				// no loss is due to the test itself.
				window := max(32, min(1000, server.ReceiveBuffer(0)/8192))
				out := make([]Outgoing, 0, 50)
				to := flow.Flow{Remote: server.Addr(0)}
				for sent := 0; sent < total; {
					out = out[:0]
					for range cap(out) {
						out = append(out, Outgoing{Flow: to, Data: numbered(sent)})
						sent++
					}
					if failed := client.Send(out); failed != 0 {
						t.Fatalf("%d not sent: %v", failed, out[0].Err)
					}
					in.await(t, sent-window)
				}
				in.await(t, total)
				waitFor(t, "the count", func() bool { return server.Counters(0).Received == total })

				in.mu.Lock()
				defer in.mu.Unlock()
				last := map[string]int{}
				for _, m := range in.messages {
					if m.flow != (flow.Flow{Remote: client.Addr(0)}) {
						t.Fatalf("flow %+v, want remote %s", m.flow, client.Addr(0))
					}
					n := numberOf(t, m.data)
					if !bytes.Equal(m.data, numbered(n)) {
						t.Fatalf("datagram %d changed on its way", n)
					}
					call := callOf(n)
					if before, seen := last[call]; seen && n <= before {
						t.Fatalf("call %s: datagram %d after %d", call, n, before)
					}
					last[call] = n
					if want := callid.Shard(testKey.OfString(call), 3); m.shard != want {
						t.Fatalf("call %s on shard %d, want %d", call, m.shard, want)
					}
				}
				c := server.Counters(0)
				if len(in.messages) != total || c.Delivered != total || c.KernelDropped != 0 || c.ReceiveErrors != 0 {
					t.Fatalf("%d messages, counters %+v", len(in.messages), c)
				}
				if got := client.Counters(0).Sent; got != total {
					t.Fatalf("sent %d", got)
				}
			})
		}
	}
}

func TestDropsAreCountedAndUnanswered(t *testing.T) {
	good := numbered(0)
	stun := make([]byte, 20)
	binary.BigEndian.PutUint16(stun, 1) // Binding request
	binary.BigEndian.PutUint32(stun[4:], 0x2112A442)
	cases := []struct {
		name string
		data []byte
		drop Drop
	}{
		{"empty", nil, DropKeepalive},
		{"CRLF CRLF", []byte("\r\n\r\n"), DropKeepalive},
		{"NULs", []byte{0, 0, 0, 0}, DropKeepalive},
		{"STUN", stun, DropSTUN},
		{"TLS ClientHello", []byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), DropJunk},
		{"RTP", append([]byte{0x80, 0}, make([]byte, 170)...), DropJunk},
		{"folded first line", append([]byte(" "), good...), DropJunk},
		{"HTTP", []byte("GET / HTTP/1.1\r\nHost: edge.example\r\n\r\n"), DropNoCallID},
		{"oversize by one", append(append([]byte(nil), good...), make([]byte, 2001-len(good))...), DropOversize},
		{"panics the scan", []byte("PANIC sip:x SIP/2.0\r\nCall-ID: x\r\n\r\n"), DropScanFault},
	}
	for name, wrap := range wrappers {
		for _, c := range cases {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				var in inbox
				server := start(t, wrap, in.config(1, Listen{Bind: at(loopback4), Sources: everyone, MaxMessage: 2000}))
				peer := dial(t, server)
				peer.write(t, c.data)
				// The witness that the reader went on is as long as may be.
				peer.write(t, append(bytes.Clone(good), make([]byte, 2000-len(good))...))
				waitFor(t, "both", func() bool { return server.Counters(0).Received == 2 })
				got := server.Counters(0)
				if got.Dropped[c.drop] != 1 || got.Delivered != 1 {
					t.Fatalf("%s not counted once: %+v", c.drop, got)
				}
				peer.silent(t)
			})
		}
	}
}

// RFC 3261 §18.1.1: "implementations MUST be able to handle messages up to the
// maximum datagram packet size. For UDP, this size is 65,535 bytes, including
// IP and UDP headers."
func TestLargestDatagram(t *testing.T) {
	for name, wrap := range wrappers {
		t.Run(name, func(t *testing.T) {
			var in inbox
			server := start(t, wrap, in.config(1, Listen{Bind: at(loopback4), Sources: everyone}))
			client := start(t, wrap, quiet(Listen{Bind: at(loopback4)}))
			var out []Outgoing
			for i, size := range []int{1500, 2048, 4096, arenaSize, arenaSize + 1, 65_507} {
				data := numbered(i)
				data = append(data, bytes.Repeat([]byte{byte('a' + i)}, size-len(data))...)
				out = append(out, Outgoing{Flow: flow.Flow{Remote: server.Addr(0)}, Data: data})
			}
			if client.Send(out) != 0 {
				t.Fatalf("not sent: %+v", client.Counters(0))
			}
			in.await(t, len(out))
			for i, m := range in.messages {
				if !bytes.Equal(m.data, out[i].Data) {
					t.Errorf("datagram of %d bytes: got %d", len(out[i].Data), len(m.data))
				}
			}
			over := []Outgoing{{Flow: out[0].Flow, Data: make([]byte, 65_508)}}
			if client.Send(over) != 1 || over[0].Err == nil {
				t.Errorf("65,508 bytes sent: %v", over[0].Err)
			}
		})
	}
}

func TestUnknownSourceIsIgnoredUntilReload(t *testing.T) {
	var in inbox
	server := start(t, newSocket, in.config(1, Listen{Bind: at(loopback4)}))
	peer := dial(t, server)
	peer.write(t, numbered(1))
	waitFor(t, "the drop", func() bool { return server.Counters(0).Dropped[DropUnknownSource] == 1 })

	known := []Source{{Prefix: netip.PrefixFrom(loopback4, 32), Port: peer.port()}}
	if err := server.SetSources(0, known); err != nil {
		t.Fatal(err)
	}
	peer.write(t, numbered(2))
	in.await(t, 1)
	stranger := dial(t, server) // same address, another port
	stranger.write(t, numbered(3))
	waitFor(t, "the second drop", func() bool { return server.Counters(0).Dropped[DropUnknownSource] == 2 })

	if err := server.SetSources(0, append(known, known...)); err == nil {
		t.Error("a source listed twice was accepted")
	}
	peer.write(t, numbered(4)) // the old set stays
	in.await(t, 2)
	peer.silent(t)
	stranger.silent(t)
}

// TestJunkSpendsNoRate: what is no SIP is dropped before it counts, so that a
// peer in whose name junk is sent is heard as before.
func TestJunkSpendsNoRate(t *testing.T) {
	var in inbox
	server := start(t, newSocket, in.config(1, Listen{Bind: at(loopback4)}))
	peer := dial(t, server)
	if err := server.SetSources(0, []Source{{Prefix: netip.PrefixFrom(loopback4, 32), Rate: 1, Burst: 5}}); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		peer.write(t, []byte{0xff, byte(i)})
		peer.write(t, []byte("\r\n\r\n"))
	}
	for i := range 5 {
		peer.write(t, numbered(i))
	}
	waitFor(t, "45 datagrams", func() bool { return server.Counters(0).Received == 45 })
	c := server.Counters(0)
	if c.Delivered != 5 || c.Dropped[DropRateLimited] != 0 || c.Dropped[DropJunk] != 20 || c.Dropped[DropKeepalive] != 20 {
		t.Fatalf("%+v", c)
	}
}

func TestRateIsPerSource(t *testing.T) {
	var in inbox
	server := start(t, newSocket, in.config(1, Listen{Bind: at(loopback4)}))
	loud, other := dial(t, server), dial(t, server)
	err := server.SetSources(0, []Source{
		{Prefix: netip.PrefixFrom(loopback4, 32), Port: loud.port(), Rate: 1, Burst: 5},
		{Prefix: netip.PrefixFrom(loopback4, 32), Port: other.port(), Rate: 1, Burst: 50},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 30 {
		loud.write(t, numbered(i))
		other.write(t, numbered(100+i))
	}
	waitFor(t, "60 datagrams", func() bool { return server.Counters(0).Received == 60 })
	c := server.Counters(0)
	// A slow machine may earn a token or two meanwhile; never those of `other`.
	if limited := c.Dropped[DropRateLimited]; limited < 15 || limited > 25 || c.Delivered+limited != 60 {
		t.Fatalf("limited %d: %+v", limited, c)
	}
	fromOther := 0
	in.await(t, int(c.Delivered))
	for _, m := range in.messages {
		if m.flow.Remote.Port() == other.port() {
			fromOther++
		}
	}
	if fromOther != 30 {
		t.Fatalf("the other source lost %d of 30", 30-fromOther)
	}
}

// Config.Scan: "A Call-ID returned together with an error still routes".
func TestFaultyHeaderWithCallIDReachesTheGuard(t *testing.T) {
	var in inbox
	c := in.config(1, Listen{Bind: at(loopback4), Sources: everyone})
	c.Scan = func([]byte) ([]byte, error) { return []byte("twice"), errors.New("duplicate Call-ID") }
	server := start(t, newSocket, c)
	dial(t, server).write(t, numbered(1))
	in.await(t, 1)
}

func TestFullQueueDropsAndRecovers(t *testing.T) {
	var in inbox
	var full atomic.Bool
	c := in.config(1, Listen{Bind: at(loopback4), Sources: everyone})
	take := c.Deliver
	c.Deliver = func(shard int, b *Batch) bool { return !full.Load() && take(shard, b) }
	server := start(t, newSocket, c)
	peer := dial(t, server)
	full.Store(true)
	for i := range 100 {
		peer.write(t, numbered(i))
	}
	waitFor(t, "100 drops", func() bool { return server.Counters(0).Dropped[DropQueueFull] == 100 })
	full.Store(false)
	peer.write(t, numbered(100))
	in.await(t, 1)
	if n := numberOf(t, in.messages[0].data); n != 100 {
		t.Fatalf("datagram %d came, want 100", n)
	}
}

func TestSendTellsWhatFailed(t *testing.T) {
	var west inbox
	c := west.config(1, Listen{Bind: at(loopback4), Sources: everyone})
	server := start(t, newSocket, c)
	client := start(t, newSocket, quiet(Listen{Bind: at(loopback4)}, Listen{Bind: at(loopback4)}))
	good := server.Addr(0)
	out := []Outgoing{
		{Flow: flow.Flow{Listener: 1, Remote: good}, Data: numbered(0)},
		{Flow: flow.Flow{Listener: 200, Remote: good}},
		{Flow: flow.Flow{Listener: 0, Proto: flow.TCP, Remote: good}},
		{Flow: flow.Flow{Listener: 0, Remote: netip.AddrPortFrom(loopback6, 5060)}},
		{Flow: flow.Flow{Listener: 0, Remote: netip.MustParseAddrPort("[::ffff:127.0.0.1]:5060")}},
		{Flow: flow.Flow{Listener: 0, Remote: netip.MustParseAddrPort("0.0.0.0:5060")}},
		{Flow: flow.Flow{Listener: 0, Remote: netip.MustParseAddrPort("224.0.1.75:5060")}},
		{Flow: flow.Flow{Listener: 0, Remote: netip.MustParseAddrPort("255.255.255.255:5060")}},
		{Flow: flow.Flow{Listener: 0, Remote: netip.AddrPortFrom(loopback4, 0)}},
		{Flow: flow.Flow{Listener: 0}},
		{Flow: flow.Flow{Listener: 0, Remote: good}, Data: make([]byte, 70_000)},
		{Flow: flow.Flow{Listener: 0, Remote: good}, Data: numbered(1)},
		{Flow: flow.Flow{Listener: 1, Remote: good}, Data: numbered(2)},
	}
	failed := client.Send(out)
	for i := range out {
		isGood := i == 0 || i >= 11
		if (out[i].Err == nil) != isGood {
			t.Errorf("message %d: %v", i, out[i].Err)
		}
		if noRoad := errors.Is(out[i].Err, ErrNoRoad); noRoad != (i >= 1 && i <= 9) {
			t.Errorf("message %d: no road %v: %v", i, noRoad, out[i].Err)
		}
	}
	if failed != 10 {
		t.Errorf("%d failed, want 10", failed)
	}
	west.await(t, 3)
	from := map[int]netip.AddrPort{}
	for _, m := range west.messages {
		from[numberOf(t, m.data)] = m.flow.Remote
	}
	if from[0] != client.Addr(1) || from[1] != client.Addr(0) || from[2] != client.Addr(1) {
		t.Errorf("sent from %v; listeners are %s and %s", from, client.Addr(0), client.Addr(1))
	}
}

// Shards send at once; each one's order holds.
func TestSendFromManyGoroutines(t *testing.T) {
	var in inbox
	server := start(t, newSocket, in.config(2, Listen{Bind: at(loopback4), Sources: everyone}))
	client := start(t, newSocket, quiet(Listen{Bind: at(loopback4)}))
	const senders, each = 8, 20 // all of it fits the smallest usual receive buffer
	var wg sync.WaitGroup
	for s := range senders {
		wg.Go(func() {
			for i := 0; i < each; i += 4 {
				var out []Outgoing
				for j := range 4 {
					out = append(out, Outgoing{Flow: flow.Flow{Remote: server.Addr(0)}, Data: numbered(s*each + i + j)})
				}
				client.Send(out)
			}
		})
	}
	wg.Wait()
	in.await(t, senders*each)
	seen := map[int]bool{}
	for _, m := range in.messages {
		n := numberOf(t, m.data)
		if seen[n] || !bytes.Equal(m.data, numbered(n)) {
			t.Fatalf("datagram %d twice or changed", n)
		}
		seen[n] = true
	}
}

func TestOpenRefuses(t *testing.T) {
	var in inbox
	taken := start(t, newSocket, in.config(1, Listen{Bind: at(loopback4), Readers: 2, Sources: everyone}))
	prefix := netip.MustParsePrefix("192.0.2.0/24")
	cases := []struct {
		name, want string
		listen     Listen
	}{
		{"wildcard", "specific", Listen{Bind: netip.MustParseAddrPort("0.0.0.0:0")}},
		{"wildcard 6", "specific", Listen{Bind: netip.MustParseAddrPort("[::]:0")}},
		{"mapped wildcard", "specific", Listen{Bind: netip.MustParseAddrPort("[::ffff:0.0.0.0]:0")}},
		{"multicast", "specific", Listen{Bind: netip.MustParseAddrPort("224.0.1.75:0")}},
		{"nothing", "no address", Listen{}},
		{"tcp", "TCP", Listen{Proto: flow.TCP, Bind: at(loopback4)}},
		{"dscp", "DSCP", Listen{Bind: at(loopback4), DSCP: 64}},
		{"taken, alone", "in use", Listen{Bind: taken.Addr(0)}},
		// Two instances with several readers would share calls unnoticed.
		{"taken, sharing", "in use", Listen{Bind: taken.Addr(0), Readers: 2}},
		{"foreign address", "assign", Listen{Bind: netip.MustParseAddrPort("192.0.2.1:0")}},
		{"source twice", "twice", Listen{Bind: at(loopback4), Sources: []Source{{Prefix: prefix}, {Prefix: prefix}}}},
		{"no prefix", "not a prefix", Listen{Bind: at(loopback4), Sources: []Source{{}}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			first := Listen{Bind: at(loopback4)}
			tr, err := Open(in.config(1, first, c.listen))
			if err == nil {
				tr.Close()
				t.Fatal("opened")
			}
			if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "listener 1") {
				t.Fatalf("error %q should name listener 1 and say %q", err, c.want)
			}
		})
	}
	if _, err := Open(Config{Shards: 1}); err == nil {
		t.Error("opened without consumers")
	}
	if _, err := Open(in.config(0)); err == nil {
		t.Error("opened without shards")
	}
}

func TestBoundAddress(t *testing.T) {
	var in inbox
	tr := start(t, newSocket, in.config(1, Listen{Bind: netip.MustParseAddrPort("[::ffff:127.0.0.1]:0")}))
	a := tr.Addr(0)
	if a.Addr() != loopback4 || a.Port() == 0 {
		t.Fatalf("address %s", a)
	}
	if tr.Addr(1).IsValid() {
		t.Fatalf("a listener that is not there has address %s", tr.Addr(1))
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	var in inbox
	for range 20 {
		tr, err := Open(in.config(2, Listen{Bind: at(loopback4), Readers: 2}, Listen{Bind: at(loopback4)}))
		if err != nil {
			t.Fatal(err)
		}
		addr := tr.Addr(0)
		tr.Close()
		tr.Close()
		if again, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(addr)); err != nil {
			t.Fatalf("address still taken: %v", err)
		} else {
			again.Close()
		}
		out := []Outgoing{{Flow: flow.Flow{Remote: addr}, Data: numbered(0)}}
		if tr.Send(out) != 1 || !errors.Is(out[0].Err, net.ErrClosed) {
			t.Fatalf("send after close: %v", out[0].Err)
		}
	}
	waitFor(t, "goroutines to end", func() bool { return runtime.NumGoroutine() <= before })
}

func readersFor(wrapper string) int {
	if wrapper == "system" && runtime.GOOS == "linux" {
		return 2
	}
	return 1
}
