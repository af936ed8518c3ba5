package ops

import (
	"fmt"
	"io"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"sekisho/edge/cdr"
)

// qualityMetrics are one trunk's: what came from it (in) and what went to it by
// its own word (out). Each call adds one value.
type qualityMetrics struct {
	mos, loss, jitter [directions]*metrics.PrometheusHistogram
	rtt, first        *metrics.PrometheusHistogram
	faults            func(way int, f cdr.Fault) *metrics.Counter
}

// Directions of media, beside those of calls.
const (
	in  = 0
	out = 1
)

// newQuality registers them. Upper bounds are where listeners notice: MOS by the
// classes of G.109 and G.107 Annex B, loss in shares of packets, times in
// seconds.
func newQuality(set *metrics.Set, label string) *qualityMetrics {
	q := new(qualityMetrics)
	for way, word := range [directions]string{"in", "out"} {
		l := fmt.Sprintf("{%s,direction=%q}", label, word)
		q.mos[way] = set.NewPrometheusHistogramExt("sekisho_mos"+l, []float64{1.5, 2.0, 2.58, 3.1, 3.6, 4.03, 4.2, 4.34, 4.5})
		q.loss[way] = set.NewPrometheusHistogramExt("sekisho_rtp_loss_ratio"+l, []float64{0, 0.001, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5})
		q.jitter[way] = set.NewPrometheusHistogramExt("sekisho_rtp_jitter_seconds"+l, []float64{0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2})
	}
	q.rtt = set.NewPrometheusHistogramExt("sekisho_rtp_rtt_seconds{"+label+"}", []float64{0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1})
	q.first = set.NewPrometheusHistogramExt("sekisho_rtp_first_packet_seconds{"+label+"}", []float64{0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5})
	q.faults = func(way int, f cdr.Fault) *metrics.Counter {
		word := [directions]string{"in", "out"}[way]
		return set.GetOrCreateCounter(fmt.Sprintf("sekisho_media_faults_total{%s,direction=%q,fault=%q}", label, word, string(f)))
	}
	return q
}

// record adds a leg's quality.
func (q *qualityMetrics) record(m *cdr.Media, sent uint64) {
	if m == nil {
		return
	}
	i := &m.In
	if n := i.Packets + i.Lost; n > 0 {
		q.loss[in].Update(float64(i.Lost) / float64(n))
		q.jitter[in].Update(micros(i.JitterUS))
	}
	q.score(in, &i.Score, i.Fault)
	if i.FirstMS != nil {
		q.first.Update(float64(*i.FirstMS) / 1000)
	}
	if m.RTTUS > 0 {
		q.rtt.Update(micros(m.RTTUS))
	}
	if o := m.Out; o != nil {
		if sent > 0 {
			q.loss[out].Update(min(1, float64(max(0, o.Lost))/float64(sent)))
		}
		q.jitter[out].Update(micros(o.JitterUS))
		q.score(out, &o.Score, o.Fault)
	}
}

func (q *qualityMetrics) score(way int, s *cdr.Score, f cdr.Fault) {
	if s.LQ != nil {
		q.mos[way].Update(s.LQ.Average)
	}
	if f != cdr.Undamaged {
		q.faults(way, f).Inc()
	}
}

func micros(us int64) float64 { return (time.Duration(us) * time.Microsecond).Seconds() }

func writeCounted(w io.Writer, name string, list []Counted) {
	for _, c := range list {
		metrics.WriteCounterUint64(w, fmt.Sprintf("%s{trunk=%q}", name, c.Trunk), c.Count)
	}
}
