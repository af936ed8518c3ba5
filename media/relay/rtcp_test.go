package relay_test

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"sekisho/media/golden"
	"sekisho/media/relay"
)

var nearRTCP = netip.AddrPortFrom(golden.Near.Addr(), golden.Near.Port()+1)

// report builds an RTCP report; sender reports get NTP time 1.2 and the given
// RTP time.
func report(kind byte, ssrc, rtpTime uint32, blocks ...[]byte) []byte {
	b := binary.BigEndian.AppendUint32([]byte{2<<6 | byte(len(blocks)), kind, 0, 0}, ssrc)
	if kind == 200 {
		for _, v := range []uint32{1, 2, rtpTime, 77, 7700} {
			b = binary.BigEndian.AppendUint32(b, v)
		}
	}
	for _, one := range blocks {
		b = append(b, one...)
	}
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)/4-1))
	return b
}

func block(ssrc, highest uint32) []byte {
	var b []byte
	for _, v := range []uint32{ssrc, 0x19000003, highest, 40, 5, 6} {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}

// joined returns both directions of a call after one packet each way: there
// carries near to far, back carries far to near.
func joined(t *testing.T) (there, back *wire) {
	t.Helper()
	near, far := golden.Exact(), golden.Beyond()
	near.RemoteRTCP = nearRTCP
	far.RemoteRTCP = netip.AddrPortFrom(golden.Far.Addr(), 40001)
	there, back = open(near, far), open(far, near)
	back.out = relay.NewOutHalf(relay.Slot{Index: 1, Epoch: 1}, relay.Identity{SSRC: 0xfeed, Sequence: 50, Timestamp: 5})
	back.out.Configure(near, near.Remote)
	there.pass(voice(100, 5, golden.Near))
	back.pass(voice(30, 6, golden.Far))
	return there, back
}

func TestReportsAreTranslated(t *testing.T) {
	there, back := joined(t)
	in := append(report(200, 5, 16000, block(0xfeed, 0x10000+50), block(0xdead, 9)), 2<<6|1, 202, 0, 3, 0, 0, 0, 5, 1, 3, 'p', 'b', 'x', 0, 0, 0)
	in = append(in, 2<<6|1, 203, 0, 1, 0, 0, 0, 5) // BYE
	v := there.in.HandleRTCP(epoch, nearRTCP, in)
	if v.Action != relay.Forward || v.Kind != relay.ReportPacket {
		t.Fatalf("verdict %+v", v)
	}
	got := there.out.AppendRTCP(nil, in, back.out.Return(&back.in))
	ssrc := uint32(golden.Identity.SSRC)
	want := report(200, ssrc, 9000, block(6, 0x10000+30)) // voice(100) left as 700/9000, voice(30) as 50/5
	binary.BigEndian.PutUint32(want[20:], 1)              // one packet sent
	binary.BigEndian.PutUint32(want[24:], 160)
	want = append(want, 2<<6|1, 202, 0, 5, 0x0b, 0xad, 0xca, 0xfe, 1, 8)
	want = append(want, "0badcafe\x00\x00\x00\x00\x00\x00"...)
	if string(got) != string(want) {
		t.Errorf("sent\n%x, want\n%x", got, want)
	}
	if again := back.in.HandleRTCP(epoch, netip.AddrPortFrom(golden.Far.Addr(), 40001), got); again.Action != relay.Forward {
		t.Errorf("our own compound is refused: %v", again.Reason)
	}
}

func TestReportsWithoutTranslationCarryNoBlocks(t *testing.T) {
	there, _ := joined(t)
	got := there.out.AppendRTCP(nil, report(201, 5, 0, block(0xfeed, 50)), relay.Return{})
	if len(got) != 8+24 || got[0]&0x1f != 0 || got[1] != 201 {
		t.Errorf("sent %x, want an empty receiver report and a description", got)
	}
}

func TestCapturedReport(t *testing.T) {
	packets, err := golden.Capture("rtcp_sr_sdes")
	if err != nil {
		t.Fatal(err)
	}
	there, _ := joined(t)
	if v := there.in.HandleRTCP(epoch, nearRTCP, packets[0].Data); v.Action != relay.Forward {
		t.Errorf("refused: %v", v.Reason)
	}
}

func TestRTCPIsRefused(t *testing.T) {
	good := report(201, 5, 0)
	for name, c := range map[string]struct {
		source netip.AddrPort
		data   []byte
		want   relay.Reason
	}{
		"another host":            {golden.Stranger, good, relay.ForeignSource},
		"nothing":                 {nearRTCP, nil, relay.Malformed},
		"a version that is not 2": {nearRTCP, append([]byte{1 << 6}, good[1:]...), relay.Malformed},
		"a BYE first":             {nearRTCP, []byte{2<<6 | 1, 203, 0, 1, 0, 0, 0, 5}, relay.Malformed},
		"a length beyond the end": {nearRTCP, []byte{2 << 6, 201, 0, 9, 0, 0, 0, 5}, relay.Malformed},
		"more blocks than octets": {nearRTCP, append([]byte{2<<6 | 3}, report(201, 5, 0, block(1, 1))[1:]...), relay.Malformed},
		"a sender report cut":     {nearRTCP, []byte{2 << 6, 200, 0, 1, 0, 0, 0, 5}, relay.Malformed},
		"padding before the end":  {nearRTCP, append([]byte{2<<6 | 0x20, 201, 0, 1, 0, 0, 0, 5}, good...), relay.Malformed},
		"rubbish behind a report": {nearRTCP, append(append([]byte{}, good...), 1, 2, 3), relay.Malformed},
		"an RTP packet":           {nearRTCP, golden.RTP{Body: golden.Voice(0)}.Bytes(), relay.Malformed},
	} {
		there, _ := joined(t)
		if v := there.in.HandleRTCP(epoch, c.source, c.data); v.Reason != c.want || v.Action != relay.Drop {
			t.Errorf("%s: %v, want %v", name, v.Reason, c.want)
		}
	}
}

func TestRTCPIsLimited(t *testing.T) {
	there, _ := joined(t)
	passed := 0
	for range 1000 {
		if there.in.HandleRTCP(epoch, nearRTCP, report(201, 5, 0)).Action == relay.Forward {
			passed++
		}
	}
	if passed != 20 {
		t.Errorf("%d of 1000 in one second passed, want 20", passed)
	}
}
