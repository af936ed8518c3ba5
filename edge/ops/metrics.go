package ops

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"sekisho/edge/cdr"
)

// Metrics counts calls per trunk and serves them with the instance's state in
// the Prometheus text format. Calls are counted from their records, so that
// what is counted and what is billed can never differ.
//
//	sekisho_calls_total{trunk,direction,result}   result: answered, refused, busy, cancelled, failed
//	sekisho_refused_total{trunk,reason}           calls refused by policy, by rule
//	sekisho_setup_seconds{trunk}                  INVITE to the first sign of ringing, histogram
//	sekisho_talk_seconds_total{trunk}             answered time
//	sekisho_rtp_{received,sent,lost,foreign,forged}_packets_total{trunk}
//	sekisho_mos{trunk,direction}                  average listening quality of a call, histogram; direction: in
//	                                              (measured here), out (as the peer reports it)
//	sekisho_rtp_loss_ratio, sekisho_rtp_jitter_seconds{trunk,direction}
//	sekisho_rtp_rtt_seconds, sekisho_rtp_first_packet_seconds{trunk}
//	sekisho_media_faults_total{trunk,direction,fault}   fault: unheard, one-way, loss, jitter
//	sekisho_one_way_audio_total{trunk}            as it happens; the trunk is who is not heard
//	sekisho_suspected_voicemail_total{trunk}      as it happens: a mobile answered as its voicemail would
//	sekisho_star_pairs_total{trunk}               pairs of * that were kept from calls, as their legs end (R53)
//	sekisho_{calls,legs,transactions,…}           gauges of what is held now
//	sekisho_dropped_datagrams_total{listener,reason}
//	sekisho_media_dropped_packets_total{application,reason}
//	sekisho_failovers_total{trunk}                attempts on a trunk that another one followed
//	sekisho_peer_up{trunk,peer}                   0 while calls are kept from it: down, or asked for a pause
//	sekisho_peer_probes_total{trunk,peer,result}  OPTIONS; result: answered, unanswered
//	sekisho_sip_{unmatched,strangers,malformed,refused,refused_invites}_total{application}
//	sekisho_mobile_channels{tenant,state}         state: used, peak (since the start), limit
//	sekisho_mobile_channels_refused_total{tenant} calls, transfers and members that found none
//	sekisho_registrar_bindings, sekisho_registrar_{challenges,failures,bans}_total
//
// Labels are names of the configuration and words of our own: never a number,
// never a Call-ID.
type Metrics struct {
	set    *metrics.Set
	trunks map[string]*trunkMetrics
	state  func(context.Context) (State, error)
	drops  func() []Dropped
}

// Dropped is what one listener has thrown away, by reason.
type Dropped struct {
	Listener string
	Reason   string
	Count    uint64
}

// trunkMetrics are made when the instance starts: counting looks nothing up
// but the trunk's name.
type trunkMetrics struct {
	calls     [directions][results]*metrics.Counter
	setup     *metrics.PrometheusHistogram
	talk      *metrics.FloatCounter
	failovers *metrics.Counter
	rtp       [5]*metrics.Counter
	quality   *qualityMetrics
	refused   func(reason string) *metrics.Counter
}

type direction int

const (
	inbound direction = iota
	outbound
	directions = 2
)

type result int

const (
	answered result = iota
	refused
	busy
	cancelled
	failed
	results = 5
)

// setupBuckets are upper bounds in seconds: a border's own share, a quick
// answer, a phone that has to be paged, and the patience of a caller.
func setupBuckets() []float64 {
	return []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30}
}

// MetricsConfig is what Metrics is made with.
type MetricsConfig struct {
	// Trunks are the configured names; the core counts as "core".
	Trunks []string
	State  func(context.Context) (State, error)
	Drops  func() []Dropped
}

// NewMetrics returns the metrics of an instance, all at zero.
func NewMetrics(c MetricsConfig) *Metrics {
	m := &Metrics{set: metrics.NewSet(), trunks: make(map[string]*trunkMetrics), state: c.State, drops: c.Drops}
	for _, name := range append([]string{"core"}, c.Trunks...) {
		m.trunks[name] = m.trunk(name)
	}
	m.set.RegisterMetricsWriter(m.writeState)
	return m
}

func (m *Metrics) trunk(name string) *trunkMetrics {
	label := "trunk=" + strconv.Quote(name)
	t := &trunkMetrics{
		setup:     m.set.NewPrometheusHistogramExt("sekisho_setup_seconds{"+label+"}", setupBuckets()),
		talk:      m.set.NewFloatCounter("sekisho_talk_seconds_total{" + label + "}"),
		failovers: m.set.NewCounter("sekisho_failovers_total{" + label + "}"),
		quality:   newQuality(m.set, label),
		refused: func(reason string) *metrics.Counter {
			return m.set.GetOrCreateCounter("sekisho_refused_total{" + label + ",reason=" + strconv.Quote(reason) + "}")
		},
	}
	for d, way := range [directions]string{"inbound", "outbound"} {
		for r, word := range [results]string{"answered", "refused", "busy", "cancelled", "failed"} {
			t.calls[d][r] = m.set.NewCounter(fmt.Sprintf("sekisho_calls_total{%s,direction=%q,result=%q}", label, way, word))
		}
	}
	for i, what := range [5]string{"received", "sent", "lost", "foreign", "forged"} {
		t.rtp[i] = m.set.NewCounter("sekisho_rtp_" + what + "_packets_total{" + label + "}")
	}
	return t
}

// Record counts a finished call on both its trunks.
func (m *Metrics) Record(r *cdr.Record) {
	m.leg(&r.A, inbound, r)
	if r.B != nil {
		m.leg(r.B, outbound, r)
	}
	for i := range max(0, len(r.Attempts)-1) {
		if t := m.trunks[r.Attempts[i].Trunk]; t != nil {
			t.failovers.Inc()
		}
	}
	t := m.trunks[r.A.Trunk]
	if t == nil {
		return
	}
	if r.Refused != "" {
		t.refused(r.Refused).Inc()
	}
	if r.Ringing != nil {
		t.setup.Update(float64(r.SetupMS) / 1000)
	}
}

func (m *Metrics) leg(l *cdr.Leg, d direction, r *cdr.Record) {
	t := m.trunks[l.Trunk]
	if t == nil {
		return
	}
	t.calls[d][resultOf(r)].Inc()
	t.talk.Add(float64(r.TalkMS) / 1000)
	t.rtp[0].Add(int(l.Received))
	t.rtp[1].Add(int(l.Sent))
	t.rtp[2].Add(int(max(0, l.Lost)))
	t.rtp[3].Add(int(l.Foreign))
	t.rtp[4].Add(int(l.Forged))
	t.quality.record(l.Quality, l.Sent)
}

func resultOf(r *cdr.Record) result {
	switch {
	case r.Refused != "":
		return refused
	case r.Answered != nil:
		return answered
	case r.A.Status == 487:
		return cancelled
	case r.A.Status == 486:
		return busy
	}
	return failed
}

// Write writes everything in the Prometheus text format.
func (m *Metrics) Write(w io.Writer) {
	m.set.WritePrometheus(w)
	metrics.WriteProcessMetrics(w)
}

func (m *Metrics) writeState(w io.Writer) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	for _, d := range m.drops() {
		metrics.WriteCounterUint64(w, fmt.Sprintf("sekisho_dropped_datagrams_total{listener=%q,reason=%q}", d.Listener, d.Reason), d.Count)
	}
	s, err := m.state(ctx)
	if err != nil {
		metrics.WriteGaugeUint64(w, "sekisho_up", 0)
		return
	}
	metrics.WriteGaugeUint64(w, "sekisho_up", 1)
	for _, g := range []struct {
		name  string
		value int
	}{
		{"sekisho_calls", s.Calls}, {"sekisho_legs", s.Legs},
		{"sekisho_transactions", s.Transactions}, {"sekisho_transactions_lingering", s.Lingering},
		{`sekisho_media_ports{state="bound"}`, s.Ports.Bound}, {`sekisho_media_ports{state="leased"}`, s.Ports.Leased},
		{`sekisho_media_ports{state="quarantined"}`, s.Ports.Quarantined}, {`sekisho_media_ports{state="ready"}`, s.Ports.Ready},
	} {
		metrics.WriteGaugeUint64(w, g.name, uint64(max(0, g.value)))
	}
	writePeers(w, s.Peers)
	writeCounted(w, "sekisho_one_way_audio_total", s.OneWay)
	writeCounted(w, "sekisho_suspected_voicemail_total", s.Voicemail)
	writeCounted(w, "sekisho_star_pairs_total", s.StarPairs)
	for _, d := range s.MediaDropped {
		metrics.WriteCounterUint64(w, fmt.Sprintf("sekisho_media_dropped_packets_total{application=%q,reason=%q}", d.Application, d.Reason), d.Count)
	}
	for i := range s.SIP {
		a := &s.SIP[i]
		for _, c := range []struct {
			name  string
			value uint64
		}{
			{"unmatched", a.Unmatched}, {"strangers", a.Strangers}, {"malformed", a.Malformed},
			{"refused", a.Refused}, {"refused_invites", a.RefusedInvites},
		} {
			metrics.WriteCounterUint64(w, fmt.Sprintf("sekisho_sip_%s_total{application=%q}", c.name, a.Application), c.value)
		}
	}
	for _, c := range s.Channels {
		for _, g := range []struct {
			state string
			value int
		}{{"used", c.Used}, {"peak", c.Peak}, {"limit", c.Limit}} {
			metrics.WriteGaugeUint64(w, fmt.Sprintf("sekisho_mobile_channels{tenant=%q,state=%q}", c.Tenant, g.state), uint64(max(0, g.value)))
		}
		metrics.WriteCounterUint64(w, fmt.Sprintf("sekisho_mobile_channels_refused_total{tenant=%q}", c.Tenant), c.Refused)
	}
	metrics.WriteGaugeUint64(w, "sekisho_registrar_bindings", uint64(max(0, s.Registrar.Bindings)))
	metrics.WriteCounterUint64(w, "sekisho_registrar_challenges_total", s.Registrar.Challenges)
	metrics.WriteCounterUint64(w, "sekisho_registrar_failures_total", s.Registrar.Failures)
	metrics.WriteCounterUint64(w, "sekisho_registrar_bans_total", s.Registrar.Bans)
	metrics.WriteCounterUint64(w, "sekisho_panics_total", s.Panics)
	metrics.WriteCounterUint64(w, "sekisho_records_total", s.Records)
	metrics.WriteCounterUint64(w, "sekisho_records_lost_total", s.RecordsLost)
}

// writePeers: their addresses are the configuration's, so that the labels are
// bounded.
func writePeers(w io.Writer, peers []Peer) {
	for i := range peers {
		p := &peers[i]
		label := fmt.Sprintf("{trunk=%q,peer=%q", p.Trunk, p.Address)
		up := uint64(0)
		if p.Up && p.PausedMS == 0 {
			up = 1
		}
		metrics.WriteGaugeUint64(w, "sekisho_peer_up"+label+"}", up)
		metrics.WriteCounterUint64(w, "sekisho_peer_probes_total"+label+`,result="answered"}`, p.Answered)
		metrics.WriteCounterUint64(w, "sekisho_peer_probes_total"+label+`,result="unanswered"}`, p.Unanswered)
	}
}

// Server serves /metrics.
type Server struct {
	listener net.Listener
	server   http.Server
	done     sync.WaitGroup
}

// Serve starts serving m at an address.
func (m *Metrics) Serve(at netip.AddrPort) (*Server, error) {
	l, err := net.Listen("tcp", at.String())
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		m.Write(w)
	})
	return serve(l, mux), nil
}

func serve(l net.Listener, h http.Handler) *Server {
	s := &Server{listener: l}
	s.server = http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	// Owned by s; ends when Close closes the listener.
	s.done.Go(func() {
		if err := s.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return
		}
	})
	return s
}

// Addr returns the address that is served.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Close stops serving and waits.
func (s *Server) Close() error {
	err := s.server.Close()
	s.done.Wait()
	return err
}
