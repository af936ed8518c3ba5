package node

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/edge/config"
	"sekisho/edge/lab/audio"
	"sekisho/edge/lab/carrier"
	"sekisho/edge/lab/siptest"
	"sekisho/edge/ops"
	"sekisho/edge/sip/sdp"
	"sekisho/media/srtp"
)

// secureSite has a trunk whose media has to be SRTP and one whose media may be.
const secureSite = `
border:
  listen:
    west: {sip: "udp:127.0.0.1:0"}
    east: {sip: "udp:127.0.0.1:0"}
  media: {addresses: [127.0.0.1], ports: 20000-29999}
core:
  mode: embedded
  listen: east
  seam: ["udp:127.0.0.1:0"]
  media: {addresses: [127.0.0.1], ports: 30000-31999}
trunks:
  docomo:
    {profile: docomo, role: mobile, listen: west, to: ["udp:%[1]s"], from: ["127.0.0.1/32:%[2]d"], media_prefixes: [127.0.0.1/32],
     srtp_over_plain: true, override: {media.srtp: require}}
  au:
    {profile: au, role: mobile, listen: west, to: ["udp:%[3]s"], from: ["127.0.0.1/32:%[4]d"], media_prefixes: [127.0.0.1/32],
     srtp_over_plain: true, override: {media.srtp: optional, media.srtp_suites: [AES_256_CM_HMAC_SHA1_80]}}
tenants:
  t1:
    domain: t1.example
    default_number: "0300000100"
    channels: 100
    mobiles:
      2001: {msisdn: "09000002001", carrier: docomo}
      2002: {msisdn: "09000002002", carrier: au}
`

// Two trunks with SRTP of their own and plain RTP between them, over sockets:
// each side hears the other's voice, reports arrive, and no key is logged,
// recorded or shown, whatever is asked for.
func TestSRTPThroughTheNode(t *testing.T) {
	if os.Getenv("SEKISHO_REQUIRE") == "" {
		t.Skip("seconds of real time: runs where SEKISHO_REQUIRE is set")
	}
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	docomo, au := carrier.Docomo(), carrier.AU()
	docomo.Secure = sdp.Secure{Mode: sdp.SecurityRequired, Suites: []srtp.Suite{srtp.AES128GCM}}
	au.Secure = sdp.Secure{Mode: sdp.SecurityOptional, Suites: []srtp.Suite{srtp.AES128CM80, srtp.AES256CM80}}
	near, far := exchange(t, docomo), exchange(t, au)
	c, err := config.Parse("secure", fmt.Appendf(nil, secureSite, near.Addr(), near.Addr().Port(), far.Addr(), far.Addr().Port()))
	if err != nil {
		t.Fatal(err)
	}
	c.Border.Media.Ports, c.Core.Media.Ports = config.PortRange{}, config.PortRange{}
	c.Metrics.Listen = netip.MustParseAddrPort("127.0.0.1:0")
	c.CDR.File = filepath.Join(t.TempDir(), "cdr.jsonl")
	var log bytes.Buffer
	n, err := Open(c, Options{Shards: 1, Workers: 2, Log: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	near.SetBorder(n.Sockets().Border[0])
	far.SetBorder(n.Sockets().Border[0])
	far.Answer(func(carrier.Incoming) carrier.Behaviour { return carrier.Answers(0, 2) })

	a := near.Dial(carrier.Dial{From: "09000002001", To: "82002", Voice: 1})
	b, err := far.AwaitNumber(ctx, "09000002002")
	if err != nil {
		t.Fatal(err, a.Result())
	}
	for who, c := range map[string]*carrier.Call{"the caller": a, "the callee": b} {
		if err := c.Listen(ctx, carrier.Talk, 1500*time.Millisecond); err != nil {
			t.Fatalf("%s: %v, %+v", who, err, c.Result())
		}
	}
	for a.Heard().RTCP.Compounds == 0 || b.Heard().RTCP.Compounds == 0 {
		if ctx.Err() != nil {
			t.Fatalf("no reports: %+v, %+v", a.Heard().RTCP, b.Heard().RTCP)
		}
		time.Sleep(50 * time.Millisecond)
	}
	// Plain RTP from nobody's address is dropped, and counted by its reason. What
	// comes from the peer's own is tried in media/engine.
	stranger, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(a.Result().Session.Remote))
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	if _, err := stranger.Write(make([]byte, 172)); err != nil {
		t.Fatal(err)
	}
	shown, err := n.State(ctx)
	want := ops.MediaDropped{Application: "border", Reason: "malformed", Count: 1}
	for ; err == nil && !slices.Contains(shown.MediaDropped, want); shown, err = n.State(ctx) {
		time.Sleep(20 * time.Millisecond)
	}
	if err != nil {
		t.Fatalf("%v; dropped %+v", err, shown.MediaDropped)
	}
	metrics := scrape(ctx, t, n.Metrics())
	a.HangUp()
	for _, c := range []*carrier.Call{a, b} {
		if err := c.Wait(ctx, carrier.Ended); err != nil {
			t.Error(err)
		}
	}
	for who, c := range map[string]struct {
		call  *carrier.Call
		voice uint64
		suite srtp.Suite
	}{"the caller": {a, 2, srtp.AES128GCM}, "the callee": {b, 1, srtp.AES256CM80}} {
		h := c.call.Heard()
		if v := audio.HearsLoop(h.Talk.PCM, audio.Decode(audio.Voice(c.voice))); !v.OK || h.Talk.Foreign != 0 || h.Talk.Lost != 0 {
			t.Errorf("%s: %v, %d packets that were not SRTP of ours, %d lost", who, v, h.Talk.Foreign, h.Talk.Lost)
		}
		if h.RTCP.Compounds == 0 || h.RTCP.Unreadable != 0 {
			t.Errorf("%s was sent %+v", who, h.RTCP)
		}
		if used := c.call.Result().Session.Keys.Out; used.Suite() != c.suite {
			t.Errorf("%s speaks under %v", who, used)
		}
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	records, err := os.ReadFile(c.CDR.File)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []srtp.Suite{srtp.AES128GCM, srtp.AES256CM80} {
		if !bytes.Contains(records, []byte(`"srtp":"`+s.String()+`"`)) {
			t.Errorf("%v is not recorded: %s", s, records)
		}
	}
	text, err := json.Marshal(shown)
	if err != nil {
		t.Fatal(err)
	}
	everything := append(append(append(text, records...), log.Bytes()...), metrics...)
	if !strings.Contains(metrics, `sekisho_media_dropped_packets_total{application="border",reason="malformed"} 1`) {
		t.Errorf("no metric of what was dropped: %s", metrics)
	}
	keys := keysIn(append(near.Trace(), far.Trace()...))
	if len(keys) < 4 || len(everything) < 1000 {
		t.Fatalf("%d keys, %d bytes said", len(keys), len(everything))
	}
	for _, key := range keys {
		raw, err := base64.StdEncoding.DecodeString(key)
		if err != nil {
			t.Fatal(err)
		}
		for _, form := range []string{key[:16], fmt.Sprintf("%x", raw[:8]), fmt.Sprintf("%v", raw[:6])} {
			if bytes.Contains(everything, []byte(form)) {
				t.Errorf("a key is told as %s", form)
			}
		}
	}
}

// keysIn are the keys of all descriptions.
func keysIn(messages []siptest.Message) (keys []string) {
	inline := regexp.MustCompile(`inline:([A-Za-z0-9+/=]+)`)
	seen := map[string]bool{}
	for _, m := range messages {
		for _, found := range inline.FindAllSubmatch(m.Data, -1) {
			if k := string(found[1]); !seen[k] {
				seen[k] = true
				keys = append(keys, k)
			}
		}
	}
	return keys
}
