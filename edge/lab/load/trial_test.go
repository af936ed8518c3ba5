package load

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/edge/config"
	"sekisho/edge/lab/siptest"
	"sekisho/edge/node"
)

func loopback(port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port)
}

// direct is twenty short calls from end to end.
func direct() Config {
	return Config{
		Caller: loopback(0), Callee: loopback(0), Calls: 20, Rate: 80, Ring: 100 * time.Millisecond, Talk: 600 * time.Millisecond,
		Callers: []string{"09000002001", "09000002002"}, Seed: 1,
	}
}

func play(t *testing.T, c Config) *Report {
	t.Helper()
	r := start(t.Context(), t, c).Wait()
	var b strings.Builder
	if err := r.Write(&b); err != nil {
		t.Error(err)
	}
	t.Logf("%s", b.String())
	return r
}

func start(ctx context.Context, t *testing.T, c Config) *Trial {
	t.Helper()
	trial, err := Start(ctx, c)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return trial
}

// expectMedia is that each of the streams has sent what its calls lasted, and
// all of that was received.
func expectMedia(t *testing.T, r *Report, streams int, talk time.Duration) {
	t.Helper()
	for _, d := range r.Media {
		least, most := uint64(streams)*uint64(talk/packetTime-3), uint64(streams)*uint64(talk/packetTime+25)
		if d.Streams != streams || d.Sent < least || d.Sent > most || d.Received != d.Sent {
			t.Errorf("%s: %d streams, %d sent, %d received; want %d streams, %d to %d packets", d.From, d.Streams, d.Sent, d.Received, streams, least, most)
		}
	}
	if r.Latency.Count != r.Media[0].Received+r.Media[1].Received || r.Latency.P50 <= 0 || r.Latency.Max > 20*time.Second {
		t.Errorf("latency %+v", r.Latency)
	}
}

func expectSound(t *testing.T, r *Report) {
	t.Helper()
	for _, f := range r.Faults() {
		t.Error(f)
	}
}

func TestDirect(t *testing.T) {
	if os.Getenv("SEKISHO_REQUIRE") == "" {
		t.Skip("seconds of real time: runs where SEKISHO_REQUIRE is set")
	}
	t.Parallel()
	c := direct()
	r := play(t, c)
	expectSound(t, r)
	expectMedia(t, r, 20, c.Talk)
	if o := r.Calls["talked"]; o.Placed != 20 || o.Kept != 20 || r.Statuses[200] != 20 || r.Answered.P50 < 100*time.Millisecond || r.Ringing.Count != 20 {
		t.Errorf("%+v, %v, answered %+v, ringing %+v", o, r.Statuses, r.Answered, r.Ringing)
	}
}

// TestBorder places calls through the product's sockets, loops and relay, of
// every kind that ends within seconds, and the border comes to rest.
func TestBorder(t *testing.T) {
	if os.Getenv("SEKISHO_REQUIRE") == "" {
		t.Skip("seconds of real time: runs where SEKISHO_REQUIRE is set")
	}
	t.Parallel()
	at, close := openBorder(t)
	c := direct()
	c.Caller, c.Callee, c.Border = at.carrier, at.core, at.border
	c.Calls, c.Rate, c.Pacing, c.Share = 40, 80, Poisson, 4
	c.Mix = Mix{Abrupt: 0.2, Cancelled: 0.2, Busy: 0.1}
	r := play(t, c)
	expectSound(t, r)
	expectMedia(t, r, r.Calls["talked"].Kept+r.Calls["abrupt"].Kept, c.Talk)
	for _, kind := range []string{"talked", "abrupt", "cancelled", "busy"} {
		if r.Calls[kind].Kept == 0 {
			t.Errorf("no %s call: %v", kind, r.Calls)
		}
	}
	if r.Statuses[487] != r.Calls["cancelled"].Kept || r.Statuses[486] != r.Calls["busy"].Kept {
		t.Errorf("final responses %v", r.Statuses)
	}
	close()
}

// TestImpaired: calls survive a line that loses, repeats and swaps SIP, since
// both sides ask again, and their media is whole.
func TestImpaired(t *testing.T) {
	if os.Getenv("SEKISHO_REQUIRE") == "" {
		t.Skip("seconds of real time: runs where SEKISHO_REQUIRE is set")
	}
	t.Parallel()
	at, _ := openBorder(t)
	line, err := siptest.Forward(siptest.ForwardConfig{
		Listen: loopback(0), Back: at.carrier, To: at.border, Seed: 5,
		Impairment: siptest.Impairment{Loss: 0.08, Duplicate: 0.05, Reorder: 0.1},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer line.Close()
	c := direct()
	c.Callee, c.Border, c.CallerSeenAs = at.core, line.Near(), at.carrier
	r := play(t, c)
	lost := line.Counts()[siptest.Outward].Lost + line.Counts()[siptest.Inward].Lost
	if o := r.Calls["talked"]; o.Kept != 20 || lost == 0 || r.Generator.Repeated+r.Generator.HeardAgain == 0 {
		t.Errorf("%+v; %d lost, %+v", o, lost, r.Generator)
	}
	// An 18x is not repeated (RFC 3261 §13.3.1.1), so it may be missing.
	for _, f := range r.Faults() {
		if !strings.HasSuffix(f, "answered without 18x") {
			t.Error(f)
		}
	}
}

// TestFaults: what is spoilt on the line is noticed, and nothing else. The
// trials run side by side.
func TestFaults(t *testing.T) {
	if os.Getenv("SEKISHO_REQUIRE") == "" {
		t.Skip("seconds of real time: runs where SEKISHO_REQUIRE is set")
	}
	t.Parallel()
	trials := map[Fault]*Trial{}
	for f := NoFault + 1; f < faults; f++ {
		at, close := openBorder(t)
		defer close()
		c := direct()
		c.Caller, c.Callee, c.Border = at.carrier, at.core, at.border
		c.Fault, c.Talk, c.Calls = f, 1200*time.Millisecond, 5
		trials[f] = start(t.Context(), t, c)
	}
	for f, trial := range trials {
		found := trial.Wait().Faults()
		for i, s := range found {
			_, found[i], _ = strings.Cut(s, " ") // how many depends on when a call ends
		}
		if !slices.Equal(found, faultsOf(f)) {
			t.Errorf("%s: %q, want %q", f, found, faultsOf(f))
		}
	}
}

// faultsOf is what a Fault must look like. What is not the packet of its place
// is also missed there.
func faultsOf(f Fault) []string {
	sentences := map[Fault][]string{
		Lose:    {"packets of the X lost"},
		Repeat:  {"packets of the X duplicated"},
		Corrupt: {"packets of the X lost", "packets of the X corrupted"},
		Swap:    {"packets of the X lost", "packets of others in place of the X's"},
	}
	var all []string
	for s := range sides {
		for _, sentence := range sentences[f] {
			all = append(all, strings.ReplaceAll(sentence, "X", s.String()))
		}
	}
	return all
}

// TestRefused: calls that nobody takes are failures by their status.
func TestRefused(t *testing.T) {
	t.Parallel()
	peer, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(loopback(0)))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { // ends with the socket
		defer close(done)
		b := make([]byte, 4096)
		for {
			n, from, err := peer.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			if m, err := read(b[:n]); err == nil && m.method == "INVITE" {
				_, _ = peer.WriteToUDPAddrPort(empty(respond(m, "503 Service Unavailable", "x")), from)
			}
		}
	}()
	defer func() {
		peer.Close()
		<-done
	}()
	c := direct()
	c.Calls, c.Border = 3, peer.LocalAddr().(*net.UDPAddr).AddrPort()
	r := play(t, c)
	if o := r.Calls["talked"]; o.Kept != 0 || o.Failed["refused with 503"] != 3 || r.Statuses[503] != 3 || len(r.Faults()) != 1 {
		t.Errorf("%+v, %v, %q", o, r.Statuses, r.Faults())
	}
}

// TestStop: the end of the context hangs up what stands, and nothing is lost.
func TestStop(t *testing.T) {
	t.Parallel()
	at, close := openBorder(t)
	c := direct()
	c.Caller, c.Callee, c.Border = at.carrier, at.core, at.border
	c.Calls, c.Rate, c.Talk = 1000, 20, time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	trial := start(ctx, t, c)
	for trial.Counts().Talking < 5 {
		select {
		case <-trial.Ended():
			t.Fatal("ended by itself")
		case <-time.After(10 * time.Millisecond):
		}
	}
	cancel()
	r := trial.Wait()
	expectSound(t, r)
	if o := r.Calls["talked"]; o.Cut < 5 || o.Cut+o.Kept != o.Placed || o.Placed == 1000 {
		t.Errorf("%+v", o)
	}
	close()
}

type places struct{ carrier, core, border netip.AddrPort }

// openBorder runs the product with an external core. The function closes it
// and expects that it holds nothing more.
func openBorder(t *testing.T) (places, func()) {
	t.Helper()
	at, n := openNode(t, "")
	return at, func() {
		t.Helper()
		s, err := n.State(t.Context())
		if err != nil || s.Calls != 0 || s.Legs != 0 || s.Ports.Leased != 0 || s.Panics != 0 {
			t.Errorf("the border holds %+v, %v", s, err)
		}
	}
}

// openNode runs the product with an external core, and more configuration.
func openNode(t *testing.T, more string) (places, *node.Node) {
	t.Helper()
	self := loopback(0)
	at := places{carrier: free(t), core: free(t)}
	text := strings.NewReplacer("{carrier}", at.carrier.String(), "{carrier port}", at.carrier.String()[len("127.0.0.1:"):],
		"{core}", at.core.String(), "{self}", self.String()).Replace(borderYAML + more)
	c, err := config.Parse("load.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	n, err := node.Open(c, node.Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	at.border = n.Sockets().Border[0]
	return at, n
}

const borderYAML = `
border:
  listen:
    west: {sip: "udp:{self}"}
    east: {sip: "udp:{self}"}
  media: {addresses: [127.0.0.1], ports: 20000-29999}
core: {mode: external, listen: east, seam: ["udp:{core}"]}
trunks:
  docomo:
    profile: docomo
    role: mobile
    listen: west
    to: ["udp:{carrier}"]
    from: ["127.0.0.1/32:{carrier port}"]
    media_prefixes: [127.0.0.1/32]
  pstn:
    profile: generic
    role: pstn
    listen: west
    to: ["udp:127.0.0.1:9"]
    from: ["127.0.0.1/32:9"]
    media_prefixes: [127.0.0.1/32]
tenants:
  t1:
    domain: t1.example
    default_number: "0300000100"
    channels: 5
    outbound: [pstn]
    mobiles:
      2001: {msisdn: "09000002001", carrier: docomo}
      2002: {msisdn: "09000002002", carrier: docomo}
`

func TestReportJSON(t *testing.T) {
	r := newTally().report()
	b, err := json.Marshal(r)
	if err != nil || !bytes.Contains(b, []byte(`"p99_us":0.0`)) {
		t.Errorf("%s, %v", b, err)
	}
}
