package e2e

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sekisho/edge/lab/keys"
	"sekisho/media/dtmf"
)

// TestStarsByTshark writes what leaves the filter of pairs of stars (SPEC R53) for
// 1,000 sequences of random keys over bad lines into a capture, and has another
// decoder of RFC 4733 read the keys.
func TestStarsByTshark(t *testing.T) {
	Need(t, "tshark")
	NeedTime(t, "tshark reads a thousand sequences for seconds")
	const sequences = 1000
	rule := keys.Rule{Gap: 600 * time.Millisecond, Long: 1200 * time.Millisecond, Tone: 80 * time.Millisecond}
	line := keys.Line{
		In:  keys.Spec(netip.MustParseAddrPort("192.0.2.10:20000"), keys.EventType),
		Out: keys.Spec(netip.MustParseAddrPort("198.51.100.20:40000"), keys.EventType),
	}
	line.In.Stars = dtmf.Rule{Mode: dtmf.StarsHeld, Gap: rule.Gap, Long: rule.Long, Tone: rule.Tone}
	want := make([]string, sequences)
	file := keys.PcapHeader()
	for n := range sequences {
		r := rand.New(rand.NewPCG(uint64(n), 4733))
		presses, style, weather := keys.Draw(r), keys.DrawStyle(r), keys.DrawWeather(r)
		style.Stamped = false
		arrivals := weather.Send(r, style.Say(presses))
		want[n] = rule.Heard(presses, arrivals)
		out := slices.DeleteFunc(line.Run(arrivals), func(s keys.Sent) bool { return s.Data[1]&0x7f != keys.EventType })
		file = keys.AppendPcap(file, n, time.Duration(n)*time.Minute, out)
	}
	path := filepath.Join(t.TempDir(), "keys.pcap")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	got := make([]string, sequences)
	seen := map[string]bool{}
	for _, f := range events(t, path) {
		stream := (f.port - int(keys.PortOf(0))) / 2
		// "An event is one timestamp" (RFC 4733 §2.5.1.2): its packets repeat it.
		if id := fmt.Sprint(stream, f.timestamp); !seen[id] {
			seen[id] = true
			got[stream] += f.key
		}
	}
	wrong := 0
	for n := range want {
		if got[n] != want[n] {
			if wrong++; wrong < 5 {
				t.Errorf("sequence %d: tshark reads %q, want %q", n, got[n], want[n])
			}
		}
	}
	if wrong > 0 {
		t.Errorf("%d of %d sequences differ", wrong, sequences)
	}
}

// decoded is an event packet as tshark reads it.
type decoded struct {
	port      int
	timestamp string
	key       string
}

func events(t *testing.T, path string) (list []decoded) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "tshark", "-r", path, "-d", "udp.port==40000,rtp",
		"-d", fmt.Sprintf("rtp.pt==%d,rtpevent", keys.EventType), "-Y", "rtpevent", "-T", "fields",
		"-e", "udp.dstport", "-e", "rtp.timestamp", "-e", "rtpevent.event_id")
	out, err := cmd.Output()
	if err != nil {
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			t.Fatalf("tshark: %v: %s", err, failed.Stderr)
		}
		t.Fatal(err)
	}
	for row := range strings.Lines(string(out)) {
		var d decoded
		cells := strings.Fields(row)
		if len(cells) != 3 {
			t.Fatalf("tshark writes %q", row)
		}
		d.port, _ = strconv.Atoi(cells[0])
		code, err := strconv.Atoi(cells[2])
		if err != nil || code > 11 {
			t.Fatalf("tshark writes %q", row)
		}
		d.timestamp, d.key = cells[1], string("0123456789*#"[code])
		list = append(list, d)
	}
	return list
}
