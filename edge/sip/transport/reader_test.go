package transport

import (
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sekisho/edge/sip/callid"
)

// busy is a socket with each datagrams at a read, until left reads are none.
type busy struct {
	left, each, waits, polls int
	data                     []byte
	read                     atomic.Int64
	closed                   chan struct{}
}

// reader returns a reader of s alone.
func (s *busy) reader(t *testing.T) *reader {
	s.closed = make(chan struct{})
	tr := &Transport{epoch: time.Now(), shards: 1, router: NewRouter(callid.Key{}, 1), scan: scanCallID, deliver: func(_ int, b *Batch) bool { b.Free(); return true }}
	tr.batches.New = func() any { return newBatch(&tr.batches) }
	l := &listener{counters: make([]counters, 1)}
	if err := l.setSources(everyone); err != nil {
		t.Fatal(err)
	}
	return newReader(tr, l, s, &l.counters[0])
}

func (b *busy) receive() ([]slot, error) {
	b.waits++
	if b.left == 0 {
		<-b.closed
		return nil, net.ErrClosed
	}
	return b.next(), nil
}

func (b *busy) poll() ([]slot, error) {
	b.polls++
	if b.left == 0 {
		return nil, nil
	}
	return b.next(), nil
}

func (b *busy) next() []slot {
	b.left--
	b.read.Add(1)
	var got [batchLength]slot
	for i := range b.each {
		got[i] = slot{data: b.data, remote: netip.AddrPortFrom(loopback4, 5060)}
	}
	return got[:b.each]
}

func (b *busy) send([]*Outgoing) (int, error) { return 0, net.ErrClosed }
func (b *busy) kernelDrops() uint64           { return 0 }
func (b *busy) close() error                  { close(b.closed); return nil }

// A datagram that comes alone is read at once, and so is the next; what follows
// within two spacings waits for a tick, and nobody waits for the poller before
// silence returns. Junk spaces no further than that, calls do.
func TestReadsAreSpaced(t *testing.T) {
	for name, c := range map[string]struct {
		data    []byte
		each    int
		spacing time.Duration
	}{
		"few": {numbered(1), 1, shortest}, "many": {numbered(1), crowd, longest}, "junk": {[]byte("\x01"), crowd, shortest},
	} {
		t.Run(name, func(t *testing.T) { testSpacing(t, &busy{left: 20, each: c.each, data: c.data}, c.spacing) })
	}
}

func testSpacing(t *testing.T, s *busy, spacing time.Duration) {
	synctest.Test(t, func(t *testing.T) {
		reads := int64(s.left)
		r := s.reader(t)
		time.Sleep(shortest / 4)
		done := make(chan struct{})
		go func() { defer close(done); r.run() }()
		synctest.Wait()
		if n := s.read.Load(); n != 2 {
			t.Errorf("%d reads at once, want the first two", n)
		}
		time.Sleep(2 * spacing)
		synctest.Wait()
		if n := s.read.Load(); n != 4 {
			t.Errorf("%d reads within two spacings, want the first two and one at each", n)
		}
		time.Sleep(spacing * time.Duration(reads))
		synctest.Wait()
		if s.waits != 3 || int64(s.polls) != reads-1 {
			t.Errorf("waited %d times and polled %d times, want 3 and %d", s.waits, s.polls, reads-1)
		}
		if err := s.close(); err != nil {
			t.Fatal(err)
		}
		<-done
	})
}

// What fills a read has more behind it, which does not wait.
func TestFullReadsAreNotSpaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &full{busy{left: 100, each: 1, data: numbered(1)}}
		r := s.reader(t)
		r.socket = s
		done := make(chan struct{})
		began := time.Now()
		go func() { defer close(done); r.run() }()
		synctest.Wait()
		if n, took := s.read.Load(), time.Since(began); n != 100 || took != 0 {
			t.Errorf("%d datagrams read within %s, want all 100 at once", n, took)
		}
		if err := s.close(); err != nil {
			t.Fatal(err)
		}
		<-done
	})
}

// full is busy with reads that leave no capacity.
type full struct{ busy }

func (f *full) receive() ([]slot, error) {
	got, err := f.busy.receive()
	return got[:len(got):len(got)], err
}

func (f *full) poll() ([]slot, error) {
	got, err := f.busy.poll()
	return got[:len(got):len(got)], err
}
