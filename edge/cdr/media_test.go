package cdr

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"sekisho/media/quality"
	"sekisho/media/relay"
)

var answered = time.Date(2026, time.July, 1, 9, 0, 0, 0, time.UTC)

func stats(change func(*relay.Stats)) *relay.Stats {
	s := &relay.Stats{Received: 1000, Sent: 1000}
	s.Quality.First = answered.Add(40 * time.Millisecond)
	s.Quality.Segments = 1
	if change != nil {
		change(s)
	}
	return s
}

// Each fault is told at the leg and in the direction where it is.
func TestFault(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  func(*relay.Stats)
		in, out Fault
	}{
		{"nothing", nil, Undamaged, Undamaged},
		{"a packet in a thousand", func(s *relay.Stats) { s.Quality.Missing = 1 }, Undamaged, Undamaged},
		{"2 % lost", func(s *relay.Stats) { s.Quality.Missing = 21 }, Loss, Undamaged},
		{"2 % too late", func(s *relay.Stats) { s.Quality.Heard.Discarded = 20 }, Jitter, Undamaged},
		{"for a while nothing", func(s *relay.Stats) { s.Quality.Unheard, s.Quality.Missing = 1, 100 }, OneWay, Undamaged},
		{"never anything", func(s *relay.Stats) { s.Received, s.Quality.Unheard = 0, 1 }, Unheard, Undamaged},
		{"the peer has lost", func(s *relay.Stats) { s.Quality.Told = relay.Told{Source: relay.RTCP, Lost: 11} }, Undamaged, Loss},
		{"the peer had repeats", func(s *relay.Stats) { s.Quality.Told = relay.Told{Source: relay.XR, Lost: -11} }, Undamaged, Undamaged},
	} {
		m := MediaOf(stats(c.change), answered)
		if m.In.Fault != c.in {
			t.Errorf("%s: in %q, want %q", c.name, m.In.Fault, c.in)
		}
		if out := m.Out; out == nil && c.out != Undamaged || out != nil && out.Fault != c.out {
			t.Errorf("%s: out %+v, want %q", c.name, out, c.out)
		}
	}
}

func TestMedia(t *testing.T) {
	if MediaOf(&relay.Stats{DroppedSource: 9}, answered) != nil {
		t.Error("an endpoint that was never used has a quality")
	}
	s := stats(func(s *relay.Stats) {
		s.Quality.Heard = quality.Summary{
			Bursts: quality.Bursts{Count: 2, Packets: 20, Lost: 10, GapPackets: 980, GapLost: 1}, Ptime: 20 * time.Millisecond,
			TOS: 0xb8, Sampled: 60, Silent: 15, Drift: 12.4, Drifts: true, MaxGap: 212 * time.Millisecond,
		}
		s.Quality.RTT = relay.RoundTrip{Last: 30 * time.Millisecond, Most: 90 * time.Millisecond, Count: 2}
		i := quality.Interval{Packets: 250, RoundTrip: 30 * time.Millisecond, Ptime: 20 * time.Millisecond, Buffer: 40 * time.Millisecond}
		s.Quality.In.Add(answered.Add(5*time.Second), quality.G711(), i)
	})
	text, err := json.Marshal(MediaOf(s, answered))
	if err != nil {
		t.Fatal(err)
	}
	var got, want map[string]any
	const document = `{"in":{"mos_source":"local","packets":1000,"lost":0,"bursts":2,"burst_ms":200,"burst_density":0.5,"gap_density":0.001,
		"jitter_us":0,"jitter_most_us":0,"gap_most_ms":212,"waits":[0,0,0,0,0],"ptime_ms":20,"drift_ppm":12,"first_ms":40,"dscp":46,
		"segments":1,"silence":0.25,"mos_lq":{"min":4.409,"avg":4.409,"last":4.409},"mos_cq":{"min":4.372,"avg":4.372,"last":4.372},
		"worst_at":"2026-07-01T09:00:05Z","r_class":"A"},"rtt_us":30000,"rtt_most_us":90000}`
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(document), &want); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s\nwant\n%s", text, document)
	}
	if m := MediaOf(s, answered.Add(time.Second)); *m.In.FirstMS != 0 {
		t.Errorf("early media after %d ms", *m.In.FirstMS)
	}
	if m := MediaOf(s, time.Time{}); m.In.FirstMS != nil {
		t.Error("a delay from an answer that never was")
	}
}
