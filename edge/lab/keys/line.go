package keys

import (
	"net/netip"
	"time"

	"sekisho/media/relay"
)

// Line is one direction through the border: the endpoint of a carrier's leg and
// the stream toward the core that it feeds. In and Out describe the two; what
// they do with keys is the caller's.
type Line struct{ In, Out relay.Spec }

// Spec is an endpoint whose peer is at an address of RFC 5737.
func Spec(at netip.AddrPort, event relay.PayloadType) relay.Spec {
	return relay.Spec{Remote: at, AudioIn: AudioType, AudioOut: AudioType, EventIn: event, EventOut: event, Ptime: 20}
}

// Sent is a packet that left.
type Sent struct {
	At   time.Duration
	Data []byte
}

// Run gives the line what arrives and returns what leaves, until nothing more is
// due.
func (l Line) Run(arrivals []Packet) (out []Sent) {
	epoch := time.Unix(1_800_000_000, 0) // time zero
	in := relay.InHalf{Slot: relay.Slot{Index: 1}}
	away := relay.NewOutHalf(relay.Slot{Index: 2}, relay.Identity{SSRC: 0xbead, Sequence: 65000, Timestamp: 0xfffff000})
	in.Configure(l.In)
	away.Configure(l.Out, l.Out.Remote)
	var p relay.Packet
	room := make([]byte, 0, 512)
	until := func(end time.Time) {
		for {
			at := in.Deadline()
			if d := away.Deadline(); at.IsZero() || !d.IsZero() && d.Before(at) {
				at = d
			}
			if at.IsZero() || at.After(end) {
				return
			}
			orders := in.Expire(at)
			away.Order(at, &orders)
			for p.Data = room; away.Due(at, &p); p.Data = room {
				out = append(out, Sent{at.Sub(epoch), append([]byte(nil), p.Data...)})
			}
		}
	}
	for _, a := range arrivals {
		now := epoch.Add(a.At)
		until(now)
		p.Data, p.Source = append([]byte(nil), a.Data...), l.In.Remote
		v := in.Handle(now, &p)
		if v.Action == relay.Drop {
			away.Order(now, &v.Orders)
			continue
		}
		if away.Handle(now, &p, v) == relay.Passed {
			out = append(out, Sent{a.At, p.Data})
		}
	}
	until(epoch.Add(time.Hour))
	return out
}
