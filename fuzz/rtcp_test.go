package fuzz

import (
	"encoding/binary"
	"testing"
	"time"

	"sekisho/media/engine"
	"sekisho/media/relay"
)

// report writes what a peer reports: about itself and about the stream that it
// is sent, of which it knows no more than 32 bits that a test can guess.
func report(s *sender, how int) []byte {
	word := func(b []byte, v ...uint32) []byte {
		for _, x := range v {
			b = binary.BigEndian.AppendUint32(b, x)
		}
		return b
	}
	switch how {
	case 1: // receiver report without a block, and BYE
		return word(nil, 0x80c90001, s.ssrc, 0x81cb0001, s.ssrc)
	case 2: // source description and application, behind the report
		return word(nil, 0x80c90001, s.ssrc, 0x81ca0003, s.ssrc, 0x01046d65, 0x40780000, 0x80cc0002, s.ssrc, 0x74657374)
	case 3: // BYE alone, which is no compound packet (RFC 3550 §6.1)
		return word(nil, 0x81cb0001, s.ssrc)
	case 4: // two reports
		return word(nil, 0x80c80006, s.ssrc, 1, 2, s.ts, 4, 5, 0x80c90001, s.ssrc)
	case 5: // extended report: VoIP metrics about our stream
		return append(word(nil, 0x80c90001, s.ssrc, 0x80cf000a, s.ssrc, 0x07000008), "SSRC\x05\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x7f\x7f\x7f\x10\x50\x7f\x7f\x7f\x00\x00\x00\x3c\x00\x78\x00\xc8"...)
	}
	return word(nil, 0x81c8000c, s.ssrc, 1, 2, s.ts, 4, 5, 0, 0, uint32(s.seq), 7, 8, 9)
}

// FuzzRTCP gives a call's endpoint reports of any content. What leaves is a
// compound packet of our own making, and nothing that RTCP says ends a stream.
func FuzzRTCP(f *testing.F) {
	s := sender{ssrc: 9, position: position{65535, 1800}}
	for how := range 8 {
		for script := range uint8(8) {
			f.Add(report(&s, how), script)
		}
	}
	both := append(report(&s, 0), report(&s, 1)...)
	f.Add(both, uint8(0))
	f.Add(append(both[:len(both):len(both)], 0xa0, 0xcc, 0, 2, 0, 0, 0, 9, 0, 0, 0, 4), uint8(1)) // padded at its end
	f.Add([]byte{0x9f, 0xc9, 0, 1, 0, 0, 0, 9}, uint8(0))
	f.Add([]byte{0x80, 0xc9, 0xff, 0xff, 0, 0, 0, 9}, uint8(0))
	f.Add([]byte{0x80, 0xc8, 0, 1, 0, 0, 0, 9}, uint8(2))
	f.Fuzz(func(t *testing.T, compound []byte, script uint8) {
		if len(compound) > 1<<14 {
			return
		}
		a := newActs(newPlane(t), nil)
		for range 4 {
			a.act(0x00)
			if script&1 == 0 {
				a.act(0x01) // otherwise one side never speaks
			}
		}
		if script&2 != 0 {
			a.do(relay.Play{Slot: a.ends[1].pair.Slot, Source: relay.Source{Keys: []string{"long"}}})
			a.pass(100 * time.Millisecond)
		}
		from := rtcpOf(talks[0][0])
		if script&4 != 0 {
			from = rtcpOf(talks[0][script>>4&3])
		}
		report := learnt(compound, a.ends[0].stream.ssrc)
		for range 3 {
			a.deliver(0, engine.RTCP, from, report)
		}
		a.deliver(1, engine.RTCP, rtcpOf(talks[1][0]), report)
		for range 4 {
			a.pass(2 * time.Second) // both endpoints have reported themselves by then
		}
		a.join()
		before := a.ends[1].stream.packets
		a.act(0x00)
		if a.ends[1].stream.packets != before+1 {
			t.Fatalf("a stream ends by RTCP:\n%x", compound)
		}
		a.finish()
	})
}

// learnt puts the SSRC of our stream in the place of the word "SSRC", as a peer
// that hears it would.
func learnt(b []byte, ssrc uint32) []byte {
	b = append([]byte(nil), b...)
	for i := 0; i+4 <= len(b); i += 4 {
		if string(b[i:i+4]) == "SSRC" {
			binary.BigEndian.PutUint32(b[i:], ssrc)
		}
	}
	return b
}

// RTCP has a rate of its own, whatever it says.
func TestReportsAreBounded(t *testing.T) {
	a := newActs(newPlane(t), nil)
	a.act(0x00)
	for range 100 {
		a.act(0x50)
	}
	if n := a.Stats().Dropped[relay.TooMany]; n != 80 {
		t.Errorf("%d of 100 reports within an instant are too many", n)
	}
}

// checkReport judges one RTCP packet of ours by RFC 3550 §6: a compound that
// begins with a report, ends with our name, and tells of one stream.
func checkReport(t *testing.T, e *end, s engine.Sent) {
	t.Helper()
	if to := e.spec.RemoteRTCP; s.To != to || !e.within(to) || to.Addr() != e.destination().Addr() {
		t.Fatalf("RTCP to %v, described %v, RTP goes to %v", s.To, to, e.destination())
	}
	var kinds []byte
	for d := s.Data; len(d) > 0; {
		if len(d) < 8 || d[0]>>6 != 2 || d[0]&0x20 != 0 {
			t.Fatalf("no RTCP header: %x in %x", d, s.Data)
		}
		n := 4 * (int(binary.BigEndian.Uint16(d[2:])) + 1)
		if n > len(d) {
			t.Fatalf("%d octets of %d in %x", n, len(d), s.Data)
		}
		kinds = append(kinds, d[1])
		blocks := int(d[0] & 0x1f)
		ssrc := binary.BigEndian.Uint32(d[4:])
		if e.stream.packets > 0 && ssrc != e.stream.ssrc {
			t.Fatalf("a report of %08x, our stream is %08x", ssrc, e.stream.ssrc)
		}
		switch fixed := map[byte]int{200: 28, 201: 8}[d[1]]; d[1] {
		case 200, 201:
			if n != fixed+24*blocks {
				t.Fatalf("%d blocks in %d octets: %x", blocks, n, s.Data)
			}
		case 202:
			if n != 20 || len(d) != n {
				t.Fatalf("a description that is not ours: %x", s.Data)
			}
		default:
			t.Fatalf("RTCP of type %d leaves: %x", d[1], s.Data)
		}
		d = d[n:]
	}
	if len(kinds) < 2 || kinds[0] == 202 || kinds[len(kinds)-1] != 202 {
		t.Fatalf("a compound of %v: %x", kinds, s.Data)
	}
}
