package transport

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"sekisho/edge/sip/flow"
)

// BenchmarkInOut measures one datagram out and in on loopback, by one
// goroutine, in bursts of 32: first with net.UDPConn one at a time, then with
// this package's batches. The two are interleaved within one run and reported
// as us/datagram and as their ratio.
func BenchmarkInOut(b *testing.B) {
	const burst = 32
	data := numbered(690) // 774 bytes
	tr, s := still(b, quiet(Listen{Bind: at(loopback4), Sources: everyone}))
	sender := start(b, newSocket, quiet(Listen{Bind: at(loopback4)}))
	out := make([]Outgoing, burst)
	for i := range out {
		out[i] = Outgoing{Flow: flow.Flow{Remote: tr.Addr(0)}, Data: data}
	}
	plainOut, plainIn := plain(b), plain(b)
	to := plainIn.LocalAddr().(*net.UDPAddr).AddrPort()
	buf := make([]byte, 65_536)

	var batched, single time.Duration
	rounds := 0
	for b.Loop() {
		rounds++
		begin := time.Now()
		for range burst {
			if _, err := plainOut.WriteToUDPAddrPort(data, to); err != nil {
				b.Fatal(err)
			}
		}
		for range burst {
			if _, _, err := plainIn.ReadFromUDPAddrPort(buf); err != nil {
				b.Fatal(err)
			}
		}
		middle := time.Now()
		if sender.Send(out) != 0 {
			b.Fatal(out[0].Err)
		}
		for n := 0; n < burst; {
			got, err := s.receive()
			if err != nil {
				b.Fatal(err)
			}
			n += len(got)
		}
		single += middle.Sub(begin)
		batched += time.Since(middle)
	}
	datagrams := float64(rounds * burst)
	b.ReportMetric(float64(single.Microseconds())/datagrams, "net-us/datagram")
	b.ReportMetric(float64(batched.Microseconds())/datagrams, "batch-us/datagram")
	b.ReportMetric(float64(batched)/float64(single), "batch/net")
}

// BenchmarkSort is what this package adds between receiving and the shard.
func BenchmarkSort(b *testing.B) {
	c := quiet(Listen{Bind: at(loopback4), Sources: everyone})
	c.Deliver = func(_ int, batch *Batch) bool { batch.Free(); return true }
	tr, s := still(b, c)
	r := newReader(tr, tr.listeners[0], s, &tr.listeners[0].counters[0])
	got := make([]slot, 32)
	for i := range got {
		got[i] = slot{data: numbered(690), remote: netip.AddrPortFrom(loopback4, 5060)}
	}
	now := time.Now()
	for b.Loop() {
		r.sort(got, now)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(got)), "ns/datagram")
}

func plain(b *testing.B) *net.UDPConn {
	b.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	return c
}
