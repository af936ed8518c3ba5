package ops

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"sekisho/edge/cdr"
	"sekisho/edge/lab/doors"
)

func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{Allow: []string{"github.com/VictoriaMetrics/metrics", "sekisho/edge/cdr"},
		Deny: map[string]string{"sekisho/edge/node": "the node brings what ops shows"}})
}

func held3(context.Context) (State, error) {
	return State{
		Calls: 3, Ports: Ports{Leased: 6},
		Peers: []Peer{
			{Trunk: "au", Address: "198.51.100.2:5060", Up: true, Answered: 4},
			{Trunk: "au", Address: "198.51.100.3:5060", Misses: 3, Unanswered: 3},
			{Trunk: "au", Address: "198.51.100.4:5060", Up: true, PausedMS: 100},
		},
		OneWay:    []Counted{{"au", 7}},
		Voicemail: []Counted{{"au", 3}},
		StarPairs: []Counted{{"softbank", 2}},
		SIP:       []Signalling{{Application: "border", Unmatched: 5, RefusedInvites: 2}},
		Registrar: Registrar{Bindings: 2, Bans: 1}, Channels: []Channels{{Tenant: "t1", Used: 3, Peak: 4, Limit: 5, Refused: 7}},
	}, nil
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

func TestMetrics(t *testing.T) {
	m := NewMetrics(MetricsConfig{
		Trunks: []string{"au", "docomo"}, State: held3,
		Drops: func() []Dropped { return []Dropped{{Listener: "west", Reason: "unknown_source", Count: 9}} },
	})
	now := time.Unix(100, 0)
	zero := int64(0)
	b := cdr.Leg{Trunk: "au", Received: 10, Sent: 200, Lost: -1, Quality: &cdr.Media{
		In: cdr.Heard{
			Packets: 97, Lost: 3, JitterUS: 4000, FirstMS: &zero, Fault: cdr.Loss, Score: cdr.Score{LQ: &cdr.Opinion{Least: 1, Average: 3.5, Last: 4}},
		},
		Out:   &cdr.Told{Lost: 1, JitterUS: 60_000, Score: cdr.Score{LQ: &cdr.Opinion{Average: 4.4}}},
		RTTUS: 12_000,
	}}
	m.Record(&cdr.Record{A: cdr.Leg{Trunk: "docomo"}, B: &b, Answered: &now, Ringing: &now, SetupMS: 30, TalkMS: 1500})
	m.Record(&cdr.Record{A: cdr.Leg{Trunk: "au", Status: 403}, Refused: "ext1000"})
	m.Record(&cdr.Record{A: cdr.Leg{Trunk: "au", Status: 487}, Attempts: []cdr.Attempt{{Trunk: "au"}, {Trunk: "au"}, {Trunk: "core"}}})
	m.Record(&cdr.Record{A: cdr.Leg{Trunk: "nobody"}, Refused: "x"})
	s, err := m.Serve(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	status, text := get(t, "http://"+s.Addr()+"/metrics")
	if status != 200 {
		t.Fatalf("status %d", status)
	}
	for _, want := range []string{
		`sekisho_calls_total{trunk="docomo",direction="inbound",result="answered"} 1`,
		`sekisho_calls_total{trunk="au",direction="outbound",result="answered"} 1`,
		`sekisho_calls_total{trunk="au",direction="inbound",result="refused"} 1`,
		`sekisho_calls_total{trunk="au",direction="inbound",result="cancelled"} 1`,
		`sekisho_refused_total{trunk="au",reason="ext1000"} 1`,
		`sekisho_setup_seconds_bucket{trunk="docomo",le="0.025"} 0`,
		`sekisho_setup_seconds_bucket{trunk="docomo",le="0.05"} 1`,
		`sekisho_rtp_received_packets_total{trunk="au"} 10`,
		`sekisho_rtp_lost_packets_total{trunk="au"} 0`,
		`sekisho_mos_bucket{trunk="au",direction="in",le="3.1"} 0`, `sekisho_mos_bucket{trunk="au",direction="in",le="3.6"} 1`,
		`sekisho_mos_bucket{trunk="au",direction="out",le="4.34"} 0`, `sekisho_mos_count{trunk="au",direction="out"} 1`,
		`sekisho_mos_count{trunk="docomo",direction="in"} 0`,
		`sekisho_rtp_loss_ratio_bucket{trunk="au",direction="in",le="0.02"} 0`, `sekisho_rtp_loss_ratio_bucket{trunk="au",direction="in",le="0.03"} 1`,
		`sekisho_rtp_loss_ratio_bucket{trunk="au",direction="out",le="0.005"} 1`,
		`sekisho_rtp_jitter_seconds_bucket{trunk="au",direction="in",le="0.005"} 1`,
		`sekisho_rtp_jitter_seconds_bucket{trunk="au",direction="out",le="0.05"} 0`,
		`sekisho_rtp_rtt_seconds_bucket{trunk="au",le="0.01"} 0`, `sekisho_rtp_rtt_seconds_bucket{trunk="au",le="0.02"} 1`,
		`sekisho_rtp_first_packet_seconds_bucket{trunk="au",le="0.02"} 1`,
		`sekisho_media_faults_total{trunk="au",direction="in",fault="loss"} 1`,
		`sekisho_one_way_audio_total{trunk="au"} 7`,
		`sekisho_suspected_voicemail_total{trunk="au"} 3`,
		`sekisho_star_pairs_total{trunk="softbank"} 2`,
		`sekisho_dropped_datagrams_total{listener="west",reason="unknown_source"} 9`,
		`sekisho_peer_up{trunk="au",peer="198.51.100.2:5060"} 1`, `sekisho_peer_up{trunk="au",peer="198.51.100.3:5060"} 0`,
		`sekisho_peer_up{trunk="au",peer="198.51.100.4:5060"} 0`,
		`sekisho_peer_probes_total{trunk="au",peer="198.51.100.2:5060",result="answered"} 4`,
		`sekisho_peer_probes_total{trunk="au",peer="198.51.100.3:5060",result="unanswered"} 3`,
		`sekisho_failovers_total{trunk="au"} 2`, `sekisho_failovers_total{trunk="core"} 0`,
		`sekisho_sip_unmatched_total{application="border"} 5`, `sekisho_sip_refused_invites_total{application="border"} 2`,
		`sekisho_mobile_channels{tenant="t1",state="used"} 3`, `sekisho_mobile_channels{tenant="t1",state="limit"} 5`,
		`sekisho_mobile_channels_refused_total{tenant="t1"} 7`,
		"sekisho_registrar_bindings 2", "sekisho_registrar_bans_total 1", "sekisho_registrar_challenges_total 0",
		"sekisho_up 1", "sekisho_calls 3", `sekisho_media_ports{state="leased"} 6`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no line %q", want)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
	if strings.Contains(text, "nobody") {
		t.Error("a name that is not configured became a label")
	}
}

func TestStateThatDoesNotAnswer(t *testing.T) {
	m := NewMetrics(MetricsConfig{State: func(context.Context) (State, error) { return State{}, errors.New("stuck") }, Drops: func() []Dropped { return nil }})
	var b strings.Builder
	m.Write(&b)
	if !strings.Contains(b.String(), "sekisho_up 0\n") {
		t.Error("a stuck instance does not say so")
	}
}

func TestDebug(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", "192.0.2.1:80", "localhost", ""} {
		if s, err := Debug(addr, Views{State: held3}); err == nil {
			s.Close()
			t.Errorf("bound to %q", addr)
		}
	}
	s, err := Debug("127.0.0.1:0", Views{
		State: held3,
		Calls: func(context.Context) ([]Call, error) { return []Call{{ID: "c7", Trunks: []string{"au", "core"}}}, nil },
		Media: func(_ context.Context, id string) ([]LegMedia, error) {
			if id != "c7" {
				return nil, nil
			}
			return []LegMedia{{Leg: "a", Trunk: "au", Foreign: 4, Media: &cdr.Media{In: cdr.Heard{Lost: 3}}}, {Leg: "b", Trunk: "core"}}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	status, text := get(t, "http://"+s.Addr()+"/debug")
	var h Held
	if err := json.Unmarshal([]byte(text), &h); err != nil || status != 200 {
		t.Fatalf("%d %q %v", status, text, err)
	}
	if h.Calls != 3 || h.Ports.Leased != 6 || h.Goroutines == 0 || h.Heap == 0 || h.Descriptors == 0 {
		t.Errorf("%+v", h)
	}
	if _, text := get(t, "http://"+s.Addr()+"/debug/calls"); text != `[{"id":"c7","trunks":["au","core"]}]`+"\n" {
		t.Errorf("calls %s", text)
	}
	var legs []LegMedia
	_, text = get(t, "http://"+s.Addr()+"/debug/calls/c7/media")
	if err := json.Unmarshal([]byte(text), &legs); err != nil || len(legs) != 2 || legs[0].Media.In.Lost != 3 || legs[0].Foreign != 4 || legs[1].Media != nil {
		t.Errorf("media %s: %v", text, err)
	}
	if status, _ := get(t, "http://"+s.Addr()+"/debug/calls/c8/media"); status != 404 {
		t.Errorf("status %d for a call that does not stand", status)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
