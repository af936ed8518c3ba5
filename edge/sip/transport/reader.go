package transport

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime/debug"
	"time"

	"sekisho/edge/sip/flow"
)

// reader takes datagrams from one socket and hands them to the shards.
type reader struct {
	transport *Transport
	listener  *listener
	socket    socket
	count     *counters
	filling   []*Batch // by shard; nil where nothing waits
}

func newReader(t *Transport, l *listener, s socket, c *counters) *reader {
	return &reader{transport: t, listener: l, socket: s, count: c, filling: make([]*Batch, t.shards)}
}

// run reads until the socket is closed. Another error never ends it: on UDP an
// error may be the echo of a datagram sent earlier (an ICMP message), and says
// nothing about the next one to arrive.
//
// A datagram that comes alone is read at once. A busy socket, one that has been
// read within the last two spacings, is read once a spacing until nothing is
// there, and no interruption is made for it meanwhile. The spacing grows when a
// read brings much: the batch is worth its wake-up then.
func (r *reader) run() {
	failures := 0
	next := r.socket.receive
	spacing := shortest
	var last time.Time
	for {
		got, err := next()
		switch {
		case err == nil:
			failures = 0
		case errors.Is(err, net.ErrClosed):
			return
		default:
			r.count.receiveErrors.Add(1)
			failures++
			r.pause(failures)
			continue
		}
		next = r.socket.receive
		if len(got) == 0 {
			continue
		}
		now := time.Now()
		taken := r.sort(got, now)
		busy := now.Sub(last) < 2*spacing
		last, spacing = now, shortest
		if taken >= crowd {
			spacing = longest
		}
		switch {
		case len(got) == cap(got): // there is more
			next = r.socket.poll
		case busy:
			// One timer of the runtime wakes all readers at a multiple.
			time.Sleep(spacing - now.Sub(r.transport.epoch)%spacing)
			next = r.socket.poll
		}
	}
}

// How far two reads of a busy socket are apart: what a message may wait for
// others. Every wake-up that they share, of threads here, on the shards and at
// the peers, costs as much as a message. A caller waits for seconds, and the
// shortest timer of SIP is 500 ms.
const (
	shortest = time.Millisecond
	longest  = 5 * time.Millisecond
	// crowd is how many datagrams of one read, junk not counted, make the next
	// one come after longest: above 4,000 a second, and back below 800.
	crowd = 4
)

// pause keeps a socket that fails again and again (its interface is gone) from
// taking a whole core, while the echoes of a few ICMP messages cost no delay.
func (r *reader) pause(failures int) {
	const free, wait = 2 * batchLength, 10 * time.Millisecond
	if failures <= free {
		return
	}
	select {
	case <-r.transport.closing:
	case <-time.After(wait):
	}
}

// sort judges the datagrams of one system call and delivers what they leave,
// one batch per shard; nothing waits for a later call. It returns how many are a
// shard's to look at.
func (r *reader) sort(got []slot, at time.Time) (taken int) {
	sources := r.listener.sources.Load()
	now := at.Sub(r.transport.epoch).Nanoseconds()
	for i := range got {
		if drop, refused := r.judge(&got[i], sources, now); refused {
			r.count.drop(drop, 1)
			continue
		}
		id, replaces, drop, refused := r.callID(got[i].data)
		if refused {
			r.count.drop(drop, 1)
			continue
		}
		taken++
		r.add(r.transport.router.Shard(id, replaces), &got[i], at)
	}
	for shard := range r.filling {
		r.deliver(shard)
	}
	// Last, so that whoever sees a datagram received sees its fate too.
	r.count.received.Add(uint64(len(got)))
	return taken
}

func (r *reader) judge(s *slot, sources *sourceTable, now int64) (Drop, bool) {
	if s.remote.Port() == 0 { // unanswerable, so nobody's
		return DropUnknownSource, true
	}
	source := sources.find(s.remote)
	if source == nil {
		return DropUnknownSource, true
	}
	if s.oversize {
		return DropOversize, true
	}
	switch inspect(s.data) {
	case verdictKeepalive:
		return DropKeepalive, true
	case verdictSTUN:
		return DropSTUN, true
	case verdictJunk:
		return DropJunk, true
	case verdictSIP:
	}
	// Last: what is no SIP spends nobody's rate.
	if !source.limit.take(now) {
		return DropRateLimited, true
	}
	return 0, false
}

func (r *reader) callID(message []byte) (id, replaces []byte, drop Drop, refused bool) {
	defer func() {
		if fault := recover(); fault != nil {
			id, replaces, drop, refused = nil, nil, DropScanFault, true
			r.transport.scanFault.Do(func() {
				r.transport.log.Error("header scan panicked",
					"fault", fmt.Sprint(fault), "stack", string(debug.Stack()))
			})
		}
	}()
	// A Call-ID that comes with an error still routes; see Config.Scan.
	id, _ = r.transport.scan(message)
	if r.transport.replaces != nil {
		replaces = r.transport.replaces(message)
	}
	return id, replaces, DropNoCallID, len(id) == 0
}

func (r *reader) add(shard int, s *slot, at time.Time) {
	f := flow.Flow{Listener: r.listener.index, Proto: flow.UDP, Remote: s.remote}
	if r.filling[shard] != nil && r.filling[shard].add(f, s.data, at) {
		return
	}
	r.deliver(shard)
	// The pool's New makes nothing but batches.
	b := r.transport.batches.Get().(*Batch)
	b.add(f, s.data, at) // an empty batch takes any message
	r.filling[shard] = b
}

func (r *reader) deliver(shard int) {
	b := r.filling[shard]
	if b == nil {
		return
	}
	r.filling[shard] = nil
	n := len(b.Messages) // read before the batch is another's
	if r.transport.deliver(shard, b) {
		r.count.delivered.Add(uint64(n))
		return
	}
	r.count.drop(DropQueueFull, n)
	b.Free()
}

// unmapped returns a as flows carry it: IPv4 as IPv4, no zone.
func unmapped(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}
