package carrier

import (
	"net/netip"
	"testing"
	"time"

	"github.com/pion/rtp"

	"sekisho/edge/lab/siptest"
	"sekisho/edge/sip/sdp"
	"sekisho/media/relay"
)

// agreedMedia is media without sockets, with PCMU and telephone-event agreed.
func agreedMedia() *media {
	return &media{agreed: true, phase: Talk, ssrc: 9, session: sdp.Negotiated{Codec: relay.PCMU, AudioIn: 0, EventIn: 101, EventOut: 101}}
}

func packet(t *testing.T, pt uint8, seq uint16, ssrc uint32, payload []byte) []byte {
	t.Helper()
	b, err := (&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: pt, SequenceNumber: seq, SSRC: ssrc, Timestamp: uint32(seq) * 160}, Payload: payload}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var (
	peer     = netip.MustParseAddrPort("192.0.2.1:20000")
	stranger = netip.MustParseAddrPort("203.0.113.1:20000")
	sounds   = make([]byte, 160)
)

func TestNumbersTellWhatTheNetworkDid(t *testing.T) {
	for _, c := range []struct {
		name                        string
		seq                         []uint16
		lost, duplicated, reordered int
	}{
		{"in order", []uint16{1, 2, 3}, 0, 0, 0},
		{"over the wrap", []uint16{65534, 65535, 0, 1}, 0, 0, 0},
		{"lost", []uint16{1, 2, 5}, 2, 0, 0},
		{"twice", []uint16{1, 2, 2, 3, 1}, 0, 2, 0},
		{"swapped", []uint16{1, 3, 2, 4}, 0, 0, 1},
		{"swapped at the beginning and the wrap", []uint16{0, 65535, 1}, 0, 0, 1},
		{"late and twice", []uint16{1, 4, 2, 2}, 1, 1, 1},
	} {
		m := agreedMedia()
		for _, s := range c.seq {
			m.hear(time.Unix(1, 0), peer, packet(t, 0, s, 7, sounds))
		}
		p := m.heard().Talk
		if p.Lost != c.lost || p.Duplicated != c.duplicated || p.Reordered != c.reordered || p.Packets != len(c.seq) {
			t.Errorf("%s: lost %d duplicated %d reordered %d of %d", c.name, p.Lost, p.Duplicated, p.Reordered, p.Packets)
		}
	}
}

func TestForeignPacketsAreNotHeard(t *testing.T) {
	m := agreedMedia()
	m.hear(time.Unix(1, 0), peer, packet(t, 0, 1, 7, sounds))
	m.hear(time.Unix(1, 0), peer, packet(t, 8, 2, 7, sounds)) // never agreed
	m.hear(time.Unix(1, 0), peer, []byte("not RTP at all"))
	m.hear(time.Unix(1, 0), stranger, packet(t, 0, 1, 8, sounds))
	p := m.heard().Talk
	if p.Packets != 2 || p.Foreign != 2 || p.Lost != 0 {
		t.Errorf("%d packets, %d foreign, %d lost", p.Packets, p.Foreign, p.Lost)
	}
	if len(p.Sources) != 2 || p.Sources[1] != stranger || len(p.SSRCs) != 2 || p.SSRCs[1] != 8 {
		t.Errorf("sources %v, SSRCs %v", p.Sources, p.SSRCs)
	}
}

// RFC 4733 §2.5.1.4: the end is sent three times, and any packet may be lost.
func TestDigitIsCountedOnce(t *testing.T) {
	m := agreedMedia()
	event := func(seq uint16, timestamp uint32, payload ...byte) {
		b, err := (&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 101, SequenceNumber: seq, SSRC: 7, Timestamp: timestamp}, Payload: payload}).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		m.hear(time.Unix(1, 0), peer, b)
	}
	event(2, 160, 10, 10, 1, 64)   // '*', 320 samples; the first was lost
	event(3, 160, 10, 0x8a, 3, 32) // end, 800 samples
	event(4, 160, 10, 0x8a, 3, 32) // again
	event(5, 2000, 10, 10, 0, 160) // '*' again, end lost
	event(6, 4000, 99, 10, 0, 160) // no key
	event(7, 4000, 11)             // cut short
	digits := m.heard().Digits
	if len(digits) != 2 {
		t.Fatalf("%d digits: %+v", len(digits), digits)
	}
	if d := digits[0]; d.Key != '*' || d.Duration != 100*time.Millisecond || !d.Finished {
		t.Errorf("first %+v", d)
	}
	if d := digits[1]; d.Key != '*' || d.Duration != 20*time.Millisecond || d.Finished {
		t.Errorf("second %+v", d)
	}
}

// What one side writes the other reads: RFC 3550 §6.4.1 and §6.1.
func TestReports(t *testing.T) {
	a, b := agreedMedia(), agreedMedia()
	b.ssrc = 7
	now := time.Unix(1000, 500_000_000)
	for _, seq := range []uint16{1, 2, 5} {
		a.hear(now, peer, packet(t, 0, seq, 7, sounds))
	}
	b.readReport(now, peer, a.appendReport(nil, now))
	if r := b.reports; r.Compounds != 1 || r.SenderReports != 1 || r.AboutUs != 1 || r.AboutOthers != 0 || r.Lost != 2 || r.Unreadable != 0 {
		t.Errorf("read %+v", r)
	}
	// The middle of the NTP time: low 16 bits of the seconds, high 16 of the
	// fraction, which is one half. The Unix epoch is NTP second 2,208,988,800
	// (RFC 5905 figure 4), 1,000 s later is 0x83aa8268.
	if want := uint32(0x8268_8000); b.lastReport != want {
		t.Errorf("LSR %08x, want %08x", b.lastReport, want)
	}
	b.ssrc = 8
	b.readReport(now, peer, a.appendReport(nil, now))
	if b.reports.AboutOthers != 1 {
		t.Errorf("read %+v", b.reports)
	}
	whole := a.appendReport(nil, now)
	for n := range whole[:len(whole)-1] {
		b.readReport(now, peer, whole[:n])
	}
	b.readReport(now, peer, []byte{0x9f, 201, 0, 1, 0, 0, 0, 9}) // 31 blocks in no room
	if b.reports.Unreadable == 0 {
		t.Error("half a report was read whole")
	}
}

func TestTraceIsBounded(t *testing.T) {
	var tr trace
	for i := range most + 1 {
		tr.add(siptest.Message{Seen: siptest.Seen(i % 2)})
	}
	got := tr.read(peer)
	if len(got) != most/2+1 {
		t.Errorf("%d messages kept", len(got))
	}
	if got[0].From != peer || got[1].To != peer {
		t.Errorf("our own address is not in %v and %v", got[0], got[1])
	}
}
