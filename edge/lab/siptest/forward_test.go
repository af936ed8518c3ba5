package siptest

import (
	"encoding/binary"
	"math/rand/v2"
	"net"
	"net/netip"
	"testing"
	"time"
)

func listen(t *testing.T) *net.UDPConn {
	t.Helper()
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetReadBuffer(4 << 20); err != nil {
		t.Fatal(err)
	}
	if err := c.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c
}

func open(t *testing.T, c ForwardConfig) *Forwarder {
	t.Helper()
	c.Listen = netip.MustParseAddrPort("127.0.0.1:0")
	f, err := Forward(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// TestForward sends through a bad network in small batches and compares what
// comes with what the forwarder says it has done.
func TestForward(t *testing.T) {
	const n = 4000
	near, far := listen(t), listen(t)
	f := open(t, ForwardConfig{To: addressOf(far), Seed: 3, Impairment: Impairment{Loss: 0.05, Duplicate: 0.03, Reorder: 0.1, Delay: 5 * time.Millisecond}})
	var seen [n]int
	received, swapped, highest := 0, 0, -1
	buffer := make([]byte, 100)
	hear := func(until int) {
		for received < until {
			_, from, err := far.ReadFromUDPAddrPort(buffer)
			if err != nil {
				t.Fatalf("after %d datagrams: %v", received, err)
			}
			if netip.AddrPortFrom(from.Addr().Unmap(), from.Port()) != f.Far() {
				t.Fatalf("from %v, not %v", from, f.Far())
			}
			i := int(binary.BigEndian.Uint32(buffer))
			if seen[i]++; i < highest {
				swapped++
			}
			highest = max(highest, i)
			received++
		}
	}
	for i := range n {
		if _, err := near.WriteToUDPAddrPort(binary.BigEndian.AppendUint32(nil, uint32(i)), f.Near()); err != nil {
			t.Fatal(err)
		}
		if i%100 == 99 { // wait for it, so that no buffer overflows
			for f.Counts()[Outward].Received <= i {
				time.Sleep(100 * time.Microsecond)
			}
		}
	}
	c := f.Counts()[Outward]
	hear(n - c.Lost + c.Duplicated)
	missing, double := 0, 0
	for _, times := range seen {
		switch times {
		case 0:
			missing++
		case 2:
			double++
		}
	}
	if missing != c.Lost || double != c.Duplicated || c.Strange+c.Failed > 0 {
		t.Errorf("%d missing, %d double; the forwarder says %+v", missing, double, c)
	}
	within := func(what string, got int, share float64) {
		if want := share * n; float64(got) < want*0.7 || float64(got) > want*1.3 {
			t.Errorf("%d %s of %d, want about %.0f", got, what, n, want)
		}
	}
	within("lost", c.Lost, 0.05)
	within("duplicated", c.Duplicated, 0.03*0.95)
	within("delayed", c.Delayed, 0.1*0.95)
	if swapped == 0 {
		t.Error("nothing came out of order")
	}
}

// TestForwardBack: the answer takes the same way, strangers do not.
func TestForwardBack(t *testing.T) {
	near, far, stranger := listen(t), listen(t), listen(t)
	f := open(t, ForwardConfig{To: addressOf(far)})
	buffer := make([]byte, 100)
	send := func(from *net.UDPConn, text string, to netip.AddrPort) {
		if _, err := from.WriteToUDPAddrPort([]byte(text), to); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(at *net.UDPConn, want string) {
		t.Helper()
		n, _, err := at.ReadFromUDPAddrPort(buffer)
		if err != nil || string(buffer[:n]) != want {
			t.Errorf("received %q, %v, want %q", buffer[:n], err, want)
		}
	}
	send(near, "out", f.Near())
	expect(far, "out")
	send(stranger, "junk", f.Far())
	send(far, "back", f.Far())
	expect(near, "back")
	if c := f.Counts(); c[Inward].Strange != 1 || c[Outward].Received != 1 {
		t.Errorf("%+v", c)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

// TestFarSpeaksFirst: with From given nothing has to be learned.
func TestFarSpeaksFirst(t *testing.T) {
	near, far := listen(t), listen(t)
	f := open(t, ForwardConfig{To: addressOf(far), From: addressOf(near)})
	if _, err := far.WriteToUDPAddrPort([]byte("hello"), f.Far()); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 100)
	if n, _, err := near.ReadFromUDPAddrPort(buffer); err != nil || string(buffer[:n]) != "hello" {
		t.Errorf("%q, %v", buffer[:n], err)
	}
}

// TestImpairer: one seed, one sequence of fates; another seed, another one.
func TestImpairer(t *testing.T) {
	draw := func(seed uint64) (all [1000]fate) {
		i := newImpairer(Impairment{Loss: 0.1, Duplicate: 0.1, Reorder: 0.1}, rand.New(rand.NewPCG(seed, 0)))
		for k := range all {
			all[k] = i.next()
		}
		return all
	}
	if first := draw(1); first != draw(1) {
		t.Error("one seed, two fates")
	}
	if draw(1) == draw(2) {
		t.Error("two seeds, one fate")
	}
	clean := newImpairer(Impairment{}, rand.New(rand.NewPCG(1, 0)))
	for range 1000 {
		if f := clean.next(); f != (fate{copies: 1}) {
			t.Fatalf("a clean line does %+v", f)
		}
	}
}
