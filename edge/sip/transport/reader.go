package transport

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime/debug"
	"time"

	"sekisho/edge/sip/callid"
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
func (r *reader) run() {
	failures := 0
	for {
		got, err := r.socket.receive()
		switch {
		case err == nil:
			failures = 0
			r.sort(got, time.Now())
		case errors.Is(err, net.ErrClosed):
			return
		default:
			r.count.receiveErrors.Add(1)
			failures++
			r.pause(failures)
		}
	}
}

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
// one batch per shard; nothing waits for a later call.
func (r *reader) sort(got []slot, at time.Time) {
	sources := r.listener.sources.Load()
	now := at.Sub(r.transport.epoch).Nanoseconds()
	for i := range got {
		if drop, refused := r.judge(&got[i], sources, now); refused {
			r.count.drop(drop, 1)
			continue
		}
		id, drop, refused := r.callID(got[i].data)
		if refused {
			r.count.drop(drop, 1)
			continue
		}
		r.add(callid.Shard(r.transport.key.Of(id), r.transport.shards), &got[i], at)
	}
	for shard := range r.filling {
		r.deliver(shard)
	}
	// Last, so that whoever sees a datagram received sees its fate too.
	r.count.received.Add(uint64(len(got)))
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

func (r *reader) callID(message []byte) (id []byte, drop Drop, refused bool) {
	defer func() {
		if fault := recover(); fault != nil {
			id, drop, refused = nil, DropScanFault, true
			r.transport.scanFault.Do(func() {
				r.transport.log.Error("header scan panicked",
					"fault", fmt.Sprint(fault), "stack", string(debug.Stack()))
			})
		}
	}()
	// A Call-ID that comes with an error still routes; see Config.Scan.
	id, _ = r.transport.scan(message)
	return id, DropNoCallID, len(id) == 0
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
