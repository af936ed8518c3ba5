package audio

import (
	"math"
	"slices"
	"testing"

	"sekisho/media/g711"
	"sekisho/media/relay"
)

// The order and place of arrival do not matter; only the timestamp does.
func TestTrackFollowsTimestamps(t *testing.T) {
	const first = math.MaxUint32 - 300 // wraps within the second packet
	voice := Voice(1)
	pieces := func(numbers ...int) (out []Packet) {
		for _, n := range numbers {
			out = append(out, Packet{SSRC: 7, Timestamp: first + uint32(n*packet), Payload: voice[n*packet : (n+1)*packet]})
		}
		return out
	}
	whole := Decode(voice[:6*packet])
	gap := slices.Clone(whole)
	clear(gap[2*packet : 4*packet])
	cases := []struct {
		name    string
		packets []Packet
		want    []int16
	}{
		{"in order", pieces(0, 1, 2, 3, 4, 5), whole},
		{"reordered", pieces(0, 2, 1, 5, 3, 4), whole},
		{"repeated", pieces(0, 1, 1, 2, 3, 4, 4, 5, 0), whole},
		{"lost", pieces(0, 1, 4, 5), gap},
		{"one from before the first", pieces(1, 0, 2), Decode(voice[packet : 3*packet])},
		{"nothing", nil, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var track Track
			for _, p := range c.packets {
				track.Add(p)
			}
			if !slices.Equal(track.PCM(), c.want) {
				t.Errorf("%d samples differ from the %d wanted", len(track.PCM()), len(c.want))
			}
			if track.Duration() != seconds(len(c.want)) {
				t.Errorf("lasts %v", track.Duration())
			}
		})
	}
}

func TestTrackGoesOnAfterAJump(t *testing.T) {
	voice := Voice(1)
	cases := []struct {
		name   string
		second Packet
	}{
		{"new SSRC", Packet{SSRC: 8, Timestamp: 160}},
		{"timestamp far ahead", Packet{SSRC: 7, Timestamp: 1 << 31}},
		{"timestamp far back", Packet{SSRC: 7, Timestamp: math.MaxUint32 - 100*Rate}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var track Track
			track.Add(Packet{SSRC: 7, Timestamp: 0, Payload: voice[:packet]})
			c.second.Payload = voice[packet : 2*packet]
			track.Add(c.second)
			c.second.Timestamp += packet
			c.second.Payload = voice[2*packet : 3*packet]
			track.Add(c.second)
			if !slices.Equal(track.PCM(), Decode(voice[:3*packet])) {
				t.Errorf("%d samples, want %d in a row", len(track.PCM()), 3*packet)
			}
			if track.Packets() != 3 {
				t.Errorf("%d packets", track.Packets())
			}
		})
	}
}

func TestTrackDecodesItsCodec(t *testing.T) {
	mu := Voice(1)[:packet]
	a := make([]byte, packet)
	g711.MuToA(a, mu)
	var track Track
	track.Add(Packet{Codec: relay.PCMA, Payload: a})
	want := make([]int16, packet)
	g711.DecodeA(want, a)
	if !slices.Equal(track.PCM(), want) {
		t.Error("A-law was not decoded as A-law")
	}
}

func TestTrackIsBounded(t *testing.T) {
	var track Track
	payload := make([]byte, Rate)
	for i := range 700 {
		track.Add(Packet{SSRC: uint32(i), Payload: payload})
	}
	if got := len(track.PCM()); got != capacity {
		t.Errorf("%d samples kept, want %d", got, capacity)
	}
}
