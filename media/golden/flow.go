package golden

import (
	"net/netip"

	"sekisho/media/relay"
	"sekisho/media/srtp"
)

// FlowRow is one pair of endpoints, the packets that it has met, and what a
// faster path may do from then on.
type FlowRow struct {
	Row
	// Alone has nobody listen: the in-half has no consumer.
	Alone bool
	// Refed has another feeder announced after the packets.
	Refed bool
	// Flow is wanted where Obstacle is NoObstacle; its slots are 1 and 2.
	Flow     relay.Flow
	Obstacle relay.Obstacle
}

// Flows returns the rows, written out by hand.
func Flows() []FlowRow {
	forward := relay.Flow{
		Action: relay.FlowForward, In: relay.Slot{Index: 1, Epoch: 1}, Out: relay.Slot{Index: 2, Epoch: 1},
		Source: Near, Pin: theirs, Type: 0, Floor: 1000, To: Far, SSRC: ours, As: 0,
		// The first packet, 1000 at 160000, leaves as 700 at 9000.
		Sequence: 65536 - 300, Timestamp: 1<<32 - 151_000, TOS: 46 << 2,
	}
	hold := relay.Flow{Action: relay.FlowHold, In: forward.In, Source: Near, Pin: theirs, Type: 0}
	row := func(name string, change func(*FlowRow)) FlowRow {
		f := FlowRow{Row: pair(name, sent(0), sent(1)), Flow: forward}
		f.Out.TOS = 46 << 2
		if change != nil {
			change(&f)
		}
		return f
	}
	obstacle := func(name string, o relay.Obstacle, change func(*FlowRow)) FlowRow {
		f := row(name, change)
		f.Flow, f.Obstacle = relay.Flow{}, o
		return f
	}
	return []FlowRow{
		row("a plain pair that has spoken is forwarded", nil),
		row("another payload type on the other side", func(f *FlowRow) { f.Out.AudioOut, f.Flow.As = 8, 8 }),
		row("a learned source", func(f *FlowRow) {
			f.In.Learning, f.In.Prefixes = relay.LearnPrefix, []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
			f.Steps = f.Steps[:0]
			for n := range 4 {
				f.Steps = append(f.Steps, from(Rival, voice(n), relay.OnProbation))
			}
			// The fourth packet is the first to leave.
			f.Flow.Source, f.Flow.Sequence, f.Flow.Timestamp = Rival, 65536-303, 1<<32-151_480
			f.Flow.Floor = 1003
		}),
		row("nobody listens: held", func(f *FlowRow) { f.Alone, f.Flow = true, hold }),
		row("the other side is on hold", func(f *FlowRow) { f.Out.Direction, f.Flow = relay.RecvOnly, hold }),
		row("what comes is not wanted", func(f *FlowRow) { f.In.Direction, f.Flow = relay.SendOnly, hold }),
		obstacle("nothing has come yet", relay.Searching, func(f *FlowRow) { f.Steps = nil }),
		obstacle("only a rival on probation", relay.Searching, func(f *FlowRow) {
			f.In.Learning, f.In.Prefixes = relay.LearnPrefix, []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
			f.Steps = []Step{from(Rival, voice(0), relay.OnProbation)}
		}),
		obstacle("nowhere to send", relay.Elsewhere, func(f *FlowRow) { f.Out.Remote = netip.AddrPort{} }),
		obstacle("no payload type there", relay.Unmapped, func(f *FlowRow) { f.Out.AudioOut = relay.NoPayload }),
		obstacle("another law there", relay.Unmapped, func(f *FlowRow) { f.Out.Codec = relay.PCMA }),
		obstacle("another feeder is about to begin", relay.FirstPacket, func(f *FlowRow) { f.Refed = true }),
		obstacle("only a key was heard, for which the other side has no type", relay.FirstPacket, func(f *FlowRow) {
			f.Out.EventOut, f.Steps = relay.NoPayload, []Step{keyPacket(0)}
		}),
		obstacle("a key was left out a moment ago", relay.Renumbered, func(f *FlowRow) {
			f.Out.EventOut, f.Steps = relay.NoPayload, []Step{voice(0), keyPacket(1)}
		}),
		row("a key was left out, and speech has followed: what is older has another offset", func(f *FlowRow) {
			f.Out.EventOut, f.Steps = relay.NoPayload, []Step{voice(0), keyPacket(1), voice(2)}
			f.Flow.Floor, f.Flow.Sequence = 1002, 65536-301
		}),
		obstacle("fax", relay.Datagrams, func(f *FlowRow) { f.In.Datagrams = true }),
		obstacle("fax on the other side", relay.Datagrams, func(f *FlowRow) { f.Out.Datagrams = true }),
		obstacle("SRTP from the peer", relay.Protected, func(f *FlowRow) { f.In.Keys.In = key() }),
		obstacle("SRTP to the other side", relay.Protected, func(f *FlowRow) { f.Out.Keys.Out = key() }),
		obstacle("keys that are still agreed on with the peer", relay.Protected, func(f *FlowRow) { f.In.Handshake.Role = srtp.Server }),
		obstacle("keys that are still agreed on with the other side", relay.Protected, func(f *FlowRow) { f.Out.Handshake.Role = srtp.Client }),
	}
}

// key is some key of SRTP.
func key() srtp.Key {
	k, _ := srtp.NewKey(srtp.AES128CM80, make([]byte, srtp.AES128CM80.Length()))
	return k
}

// keyPacket is the last packet of the key 5, in the nth packet's place.
func keyPacket(n int) Step {
	s := voice(n)
	s.In = RTP{Type: 101, Mark: true, Sequence: uint16(1000 + n), Timestamp: uint32(160000 + 160*n), SSRC: theirs, Body: Event(5, Last, 800)}.Bytes()
	return s
}
