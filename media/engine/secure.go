package engine

import (
	"sekisho/media/relay"
	"sekisho/media/srtp"
)

// tail is the room kept behind each packet, in bytes, for what its protection
// appends.
const tail = srtp.Overhead

// lock takes over the peer's key. A receiver that cannot be made leaves none,
// and then nothing is opened: an SRTP endpoint never hears plain RTP.
func (c *cell) lock(k srtp.Key) error {
	switch {
	case k.IsZero():
		c.receiver = nil
		return nil
	case c.receiver != nil:
		return c.receiver.Rekey(k)
	}
	var err error
	c.receiver, err = srtp.NewReceiver(k)
	return err
}

// forget wipes what a lease leaves behind, keys above all: the memory itself is
// free some time later.
func (c *cell) forget() { *c.own, *c = outbound{}, cell{} }

// open takes the protection off what came from where c's peer may be, and
// reports whether it may be judged. What is not authentic is counted and
// forgotten: it changes no latch, no statistics and no call (CVE-2021-41105).
func (w *Worker) open(c *cell, d *Datagram) bool {
	hears := c.in.Hears
	if d.Component == RTCP {
		hears = c.in.HearsRTCP
	}
	if !c.secured() || !hears(d.Source) {
		return true // plain, or from a source that the in-half refuses unread
	}
	fault := srtp.Unauthentic
	switch {
	case c.receiver == nil:
	case d.Component == RTCP:
		d.Data, fault = c.receiver.RTCP(d.Data)
	default:
		d.Data, fault = c.receiver.RTP(d.Data)
	}
	if fault == srtp.None {
		return true
	}
	if fault == srtp.Replayed {
		c.in.Replayed()
	} else {
		c.in.Forged()
	}
	w.count(reasonOf(fault))
	return false
}

func reasonOf(f srtp.Fault) relay.Reason {
	switch f {
	case srtp.Malformed:
		return relay.Malformed
	case srtp.Replayed:
		return relay.Replayed
	case srtp.Crowded:
		return relay.Crowded
	case srtp.None, srtp.Unauthentic:
	}
	return relay.Unauthentic
}

// aim takes over a description and where its peer is reached.
func (o *outbound) aim(t target) {
	o.Configure(t.spec, t.to)
	k := t.spec.Keys.Out
	o.secure, o.mux = !k.IsZero() || t.spec.Handshake.On(), t.spec.Mux
	switch {
	case k.IsZero():
		o.sender = nil
	case o.sender == nil || o.sender.Key() != k:
		// Without a sender nothing is protected, and so nothing is sent.
		o.sender, _ = srtp.NewSender(k)
	}
}

// protect makes a packet of o's stream what its peer expects, in place. It
// reports false where the packet must not be sent.
func (o *outbound) protect(part Component, data []byte) ([]byte, bool) {
	switch {
	case !o.secure:
		return data, true
	case o.sender == nil:
		return nil, false
	case part == RTCP:
		return o.sender.RTCP(data)
	}
	return o.sender.RTP(data)
}
