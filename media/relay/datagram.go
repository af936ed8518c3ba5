package relay

import "time"

// datagram judges what a session that is not RTP receives. There is no SSRC, no
// sequence and no probation to tell a stranger by: the accepted peer alone is
// heard, and until there is one the described address.
func (h *InHalf) datagram(now time.Time, p *Packet) Verdict {
	if to := h.latch.destination(); !to.IsValid() || p.Source != to {
		h.tally.foreign++
		return Verdict{Reason: ForeignSource}
	}
	v := Verdict{Action: Forward, Kind: DatagramPacket}
	if p.Source != h.latch.remote {
		h.pin = pin{}
		v.Latched = true
	}
	h.latch.take(now, p.Source)
	h.tally.received++
	h.tally.octets += uint64(len(p.Data))
	if !h.spec.Receives() {
		v.Action, v.Reason = Drop, Held
	}
	return v
}

// pass sends a datagram on as it came, where both sides are of that kind: RTP
// means nothing to a T.38 gateway, nor UDPTL to a telephone, while a session
// changes from one to the other.
func (o *OutHalf) pass(p *Packet, v Verdict) Reason {
	switch {
	case v.Kind != DatagramPacket || !o.datagrams:
		return NoMapping
	case !o.direction.Sends():
		return Held
	case !o.to.IsValid():
		return NoDestination
	}
	o.splice = whole // what comes after it is another stream's to begin
	o.sent++
	o.sentBytes += uint64(len(p.Data))
	return Passed
}
