package relay_test

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtcp"

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

// talking is an endpoint that hears a peer and is heard by it: near's in-half,
// and the out-half toward it that somebody feeds.
type talking struct {
	*wire
	toNear relay.OutHalf
}

const ours = 0xfeed

func conversing(t *testing.T) *talking {
	t.Helper()
	near, far := golden.Exact(), golden.Beyond()
	near.RemoteRTCP = nearRTCP
	k := &talking{wire: open(near, far)}
	k.in.Ours = ours
	k.in.Begin(epoch, 12345)
	k.toNear = relay.NewOutHalf(relay.Slot{Index: 1, Epoch: 1}, relay.Identity{SSRC: ours, Sequence: 50, Timestamp: 5})
	k.toNear.Configure(near, near.Remote)
	return k
}

// hear has near send the packets from..to, 20 ms each.
func (k *talking) hear(from, to int) {
	for n := from; n <= to; n++ {
		k.pass(voice(n, 5, golden.Near))
	}
}

// tell feeds near's stream with the packets from..to.
func (k *talking) tell(from, to int) {
	feeder := open(golden.Beyond(), golden.Exact())
	for n := from; n <= to; n++ {
		s := voice(n, 6, golden.Far)
		s.In[1] = 0
		feeder.packet.Data, feeder.packet.Source = s.In, s.Source
		v := feeder.in.Handle(epoch.Add(s.At), &feeder.packet)
		k.toNear.Handle(epoch.Add(s.At), &feeder.packet, v)
	}
}

// due returns when the next report is due, and it.
func (k *talking) due(t *testing.T, after time.Time) (time.Time, relay.Report) {
	t.Helper()
	for at := after; at.Before(after.Add(10 * time.Second)); at = at.Add(time.Millisecond) {
		if r, ok := k.in.Report(at); ok {
			return at, r
		}
	}
	t.Fatal("no report within ten seconds")
	return time.Time{}, relay.Report{}
}

// RFC 3550 §6.4: what an endpoint tells its peer is its own: its stream's
// numbers, and what it has heard of the peer.
func TestReportIsOurOwn(t *testing.T) {
	k := conversing(t)
	k.hear(100, 104)
	k.hear(106, 115) // one is lost
	k.tell(30, 39)
	v := k.in.HandleRTCP(epoch.Add(2*time.Second), nearRTCP, report(200, 5, 16000))
	if v.Action != relay.Keep || v.Kind != relay.ReportPacket {
		t.Fatalf("verdict %+v", v)
	}
	at, r := k.due(t, epoch.Add(2*time.Second))
	got := k.toNear.AppendReport(nil, r)
	ntp := uint64(at.Unix()+2_208_988_800)<<32 | uint64(at.Nanosecond())<<32/1e9
	want := binary.BigEndian.AppendUint32([]byte{2<<6 | 1, 200, 0, 12}, ours)
	want = binary.BigEndian.AppendUint64(want, ntp)
	// The ten packets begin at 5, the last when 780 ms have passed.
	ts := uint32(5 + 9*160 + at.Sub(epoch.Add(780*time.Millisecond))*8/time.Millisecond)
	delay := uint32(at.Sub(epoch.Add(2*time.Second)) * 65536 / time.Second)
	for _, w := range []uint32{ts, 10, 1600, 5, 16<<24 | 1, 115, 0, 1 << 16, delay} {
		want = binary.BigEndian.AppendUint32(want, w)
	}
	want = append(want, 2<<6|1, 202, 0, 4, 0, 0, 0xfe, 0xed, 1, 8)
	want = append(want, "0000feed\x00\x00"...)
	if !bytes.Equal(got, want) {
		t.Errorf("sent\n%x, want\n%x", got, want)
	}
	if again := k.in.HandleRTCP(epoch, nearRTCP, got); again.Action != relay.Keep {
		t.Errorf("our own compound is refused: %v", again.Reason)
	}
}

// "A participant that has not sent since the last two reports sends an RR", and
// a block only about who was heard since (RFC 3550 §6.4).
func TestReportsFollowWhatHappens(t *testing.T) {
	k := conversing(t)
	kinds := func(at *time.Time) (kind byte, blocks int) {
		now, r := k.due(t, *at)
		*at = now
		b := k.toNear.AppendReport(nil, r)
		return b[1], int(b[0] & 0x1f)
	}
	at := epoch
	expect := func(what string, kind byte, blocks int) {
		t.Helper()
		if k, b := kinds(&at); k != kind || b != blocks {
			t.Errorf("%s: type %d with %d blocks, want %d with %d", what, k, b, kind, blocks)
		}
	}
	expect("nothing yet", 201, 0)
	k.hear(100, 101)
	k.tell(30, 31)
	expect("both speak", 200, 1)
	expect("since then nobody", 200, 0)
	expect("for two reports nobody", 201, 0)
	k.hear(102, 102)
	expect("near speaks", 201, 1)
	k.toNear.Configure(golden.Exact(), golden.Near)
	_, r := k.due(t, at)
	if b := k.toNear.AppendReport(nil, r); len(b) != 0 {
		t.Errorf("told though no address is described: %x", b)
	}
}

// RFC 3550 §6.2: between 0.5 and 1.5 times the interval, the first after half of
// that, and no two leases in step.
func TestReportsAreSpread(t *testing.T) {
	var first []time.Duration
	for seed := range uint32(50) {
		k := conversing(t)
		k.in = relay.InHalf{}
		k.in.Configure(golden.Exact())
		k.in.Begin(epoch, seed*2654435761)
		at, _ := k.due(t, epoch)
		if d := at.Sub(epoch); d < 1250*time.Millisecond || d > 3750*time.Millisecond {
			t.Errorf("the first report after %v", d)
		}
		first = append(first, at.Sub(epoch))
		sum := time.Duration(0)
		for range 40 {
			next, _ := k.due(t, at.Add(time.Millisecond))
			if d := next.Sub(at); d < 2500*time.Millisecond || d > 7500*time.Millisecond {
				t.Errorf("a report %v after the last", d)
			}
			sum += next.Sub(at)
			at = next
		}
		if mean := sum / 40; mean < 4*time.Second || mean > 6*time.Second {
			t.Errorf("reports every %v", mean)
		}
	}
	slices.Sort(first)
	if len(slices.Compact(first)) < 45 {
		t.Error("many leases report at the same time")
	}
}

// RFC 3550 §6.4.1: "A - LSR - DLSR". A block that answers no report of ours is
// made up, and so is a time that no network takes.
func TestRoundTrip(t *testing.T) {
	k := conversing(t)
	k.hear(100, 100)
	k.tell(30, 39)
	at, r := k.due(t, epoch.Add(2*time.Second))
	sent := k.toNear.AppendReport(nil, r)
	stamp := binary.BigEndian.Uint32(sent[10:])
	answer := func(after time.Duration, ssrc, lsr, delay uint32) {
		b := block(ssrc, 59)
		binary.BigEndian.PutUint32(b[16:], lsr)
		binary.BigEndian.PutUint32(b[20:], delay)
		k.in.HandleRTCP(at.Add(after), nearRTCP, report(201, 5, 0, b))
	}
	answer(100*time.Millisecond, ours, stamp+1, 0)
	answer(100*time.Millisecond, ours, 0, 0)
	answer(100*time.Millisecond, 0xdead, stamp, 0)
	answer(100*time.Millisecond, ours, stamp, 65536) // waited longer than it took
	answer(time.Minute, ours, stamp, 0)
	if rtt := k.in.Quality(at).RTT; rtt.Count != 0 {
		t.Fatalf("made up: %+v", rtt)
	}
	answer(150*time.Millisecond, ours, stamp, 65536/20) // it waited 50 ms
	answer(1080*time.Millisecond, ours, stamp, 65536)
	rtt := k.in.Quality(at).RTT
	near := func(d, want time.Duration) bool { return d > want-time.Millisecond && d < want+time.Millisecond }
	if rtt.Count != 2 || !near(rtt.Least, 80*time.Millisecond) || !near(rtt.Most, 100*time.Millisecond) || !near(rtt.Last, 80*time.Millisecond) {
		t.Errorf("%+v, want 80 to 100 ms", rtt)
	}
}

// What the peer says of our stream is kept apart from what we hear of it, with
// whose word it is.
func TestToldByThePeer(t *testing.T) {
	k := conversing(t)
	k.hear(0, 0)
	b := block(ours, 59)
	binary.BigEndian.PutUint32(b[4:], 0x20<<24|0xffffff) // an eighth lost; more repeats than losses
	k.in.HandleRTCP(epoch, nearRTCP, report(201, 5, 0, block(0xdead, 9), b))
	q := k.in.Quality(epoch)
	if q.Told.Source != relay.RTCP || q.Told.Blocks != 1 || q.Told.Fraction != 0x20 || q.Told.Lost != -1 || q.Told.Jitter != 5*time.Millisecond {
		t.Errorf("%+v", q.Told)
	}
	// 12.5 % at random: Ie,eff 95*12.5/37.6 = 31.6.
	if mos := q.Out.Listening.Last; mos < 3.15 || mos > 3.2 {
		t.Errorf("MOS %.2f", mos)
	}
	if q.In.Listening.Last != q.In.Listening.Least || q.In.Listening.Last < 4.4 {
		t.Error("the peer's word is taken for our measurement")
	}
	k.in.HandleRTCP(epoch.Add(time.Second), nearRTCP, append(report(201, 5, 0), voip(ours, 40, 80)...))
	k.in.HandleRTCP(epoch.Add(time.Second), nearRTCP, append(report(201, 5, 0), voip(0xdead, 0, 10)...))
	q = k.in.Quality(epoch)
	if q.Told.Source != relay.XR || q.Told.Extended != 1 || q.Out.Listening.Count != 1 {
		t.Fatalf("%+v, %+v", q.Told, q.Out)
	}
	if mos := q.Out.Listening.Last; mos < 4.02 || mos > 4.04 {
		t.Errorf("MOS %.2f, want that of R 80", mos)
	}
	k.in.HandleRTCP(epoch.Add(2*time.Second), nearRTCP, append(report(201, 5, 0, b), voip(ours, 26, 127)...))
	if q = k.in.Quality(epoch); q.Out.Listening.Count != 2 || q.Out.Listening.Last > 3.5 {
		t.Errorf("%+v: without an R the loss is judged, and receiver reports add nothing", q.Out)
	}
}

// voip is an extended report of VoIP metrics (RFC 3611 §4.7).
func voip(ssrc uint32, loss, r byte) []byte {
	b := binary.BigEndian.AppendUint32([]byte{2 << 6, 207, 0, 10}, 5)
	b = append(b, 7, 0, 0, 8)
	b = binary.BigEndian.AppendUint32(b, ssrc)
	b = append(b, loss, 0, 0, 0, 0, 0, 0, 0, 0, 50, 0, 20, 127, 127, 127, 16, r, 127, 127, 127)
	return append(b, 0, 0, 0, 60, 0, 120, 0, 200)
}

// The library that others read RTCP with reads ours, and we read what it writes.
func TestReportsAgainstPion(t *testing.T) {
	k := conversing(t)
	k.hear(100, 119)
	k.tell(30, 39)
	at, r := k.due(t, epoch)
	packets, err := rtcp.Unmarshal(k.toNear.AppendReport(nil, r))
	if err != nil || len(packets) != 2 {
		t.Fatalf("%v, %v", packets, err)
	}
	sr, ok := packets[0].(*rtcp.SenderReport)
	if !ok || sr.SSRC != ours || sr.PacketCount != 10 || len(sr.Reports) != 1 || sr.Reports[0].SSRC != 5 || sr.Reports[0].LastSequenceNumber != 119 {
		t.Errorf("%v", packets[0])
	}
	if d, ok := packets[1].(*rtcp.SourceDescription); !ok || d.Chunks[0].Items[0].Text != "0000feed" {
		t.Errorf("%v", packets[1])
	}
	theirs, err := rtcp.Marshal([]rtcp.Packet{
		&rtcp.ReceiverReport{SSRC: 5, Reports: []rtcp.ReceptionReport{{SSRC: ours, FractionLost: 64, TotalLost: 9, Jitter: 80}}},
		&rtcp.SourceDescription{Chunks: []rtcp.SourceDescriptionChunk{{Source: 5, Items: []rtcp.SourceDescriptionItem{{Type: rtcp.SDESCNAME, Text: "pbx"}}}}},
		&rtcp.ExtendedReport{SenderSSRC: 5, Reports: []rtcp.ReportBlock{&rtcp.VoIPMetricsReportBlock{SSRC: ours, RFactor: 70}}},
		&rtcp.Goodbye{Sources: []uint32{5}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if v := k.in.HandleRTCP(at, nearRTCP, theirs); v.Action != relay.Keep {
		t.Fatalf("refused: %v", v.Reason)
	}
	q := k.in.Quality(at)
	if q.Told.Lost != 9 || q.Told.Goodbyes != 1 || q.Told.Extended != 1 || q.Out.Listening.Last < 3.59 || q.Out.Listening.Last > 3.61 {
		t.Errorf("%+v %+v", q.Told, q.Out)
	}
	if _, v := k.pass(voice(120, 5, golden.Near)); v.Action != relay.Forward {
		t.Errorf("a BYE ends the stream: %v", v.Reason)
	}
}

func TestCapturedReport(t *testing.T) {
	packets, err := golden.Capture("rtcp_sr_sdes")
	if err != nil {
		t.Fatal(err)
	}
	k := conversing(t)
	k.hear(100, 100)
	if v := k.in.HandleRTCP(epoch, nearRTCP, packets[0].Data); v.Action != relay.Keep {
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
		k := conversing(t)
		k.hear(100, 100)
		if v := k.in.HandleRTCP(epoch, c.source, c.data); v.Reason != c.want || v.Action != relay.Drop {
			t.Errorf("%s: %v, want %v", name, v.Reason, c.want)
		}
	}
}

func TestRTCPIsLimited(t *testing.T) {
	k := conversing(t)
	k.hear(100, 100)
	passed := 0
	for range 1000 {
		if k.in.HandleRTCP(epoch, nearRTCP, report(201, 5, 0)).Action == relay.Keep {
			passed++
		}
	}
	if passed != 20 {
		t.Errorf("%d of 1000 in one second passed, want 20", passed)
	}
}
