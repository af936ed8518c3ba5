package keys_test

import (
	"flag"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"sekisho/edge/lab/keys"
	"sekisho/media/dtmf"
)

const ms = time.Millisecond

var sequences = flag.Int("sequences", 2000, "random sequences of keys that TestStars plays")
var seed = flag.Uint64("seed", 1, "of the first of them")

func line() keys.Line {
	l := keys.Line{
		In:  keys.Spec(netip.MustParseAddrPort("192.0.2.10:20000"), keys.EventType),
		Out: keys.Spec(netip.MustParseAddrPort("198.51.100.20:40000"), keys.EventType),
	}
	l.In.Stars = dtmf.Rule{Mode: dtmf.StarsHeld, Gap: rule.Gap, Long: rule.Long, Tone: rule.Tone}
	return l
}

var rule = keys.Rule{Gap: 600 * ms, Long: 1200 * ms, Tone: 80 * ms}

// TestStars plays random keys over lines that lose, repeat and overtake, and
// judges each packet that leaves (SPEC R53).
func TestStars(t *testing.T) {
	l := line()
	for n := range *sequences {
		r := rand.New(rand.NewPCG(*seed+uint64(n), 53))
		presses, style, weather := keys.Draw(r), keys.DrawStyle(r), keys.DrawWeather(r)
		if weather != (keys.Weather{}) {
			style.Stamped = false // with packets lost nobody can tell what such a sender means
		}
		sent := style.Say(presses)
		arrivals := weather.Send(r, sent)
		if err := rule.Judge(presses, sent, arrivals, l.Run(arrivals)); err != nil {
			t.Fatalf("seed %d: %v\n%+v\n%+v", *seed+uint64(n), err, style, weather)
		}
	}
}
