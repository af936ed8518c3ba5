package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

func floodHead(w io.Writer) {
	fmt.Fprintf(w, "  %-23s %6s %6s %8s %8s %7s %9s %8s %8s %7s %7s %8s %9s  %s\n", "round", "calls", "failed", "p50 ms", "p99 ms", "RSS MiB",
		"CPU cores", "junk/s", "answers", "octets", "overrun", "RTP lost", "late p99", "dropped, by reason")
}

func (r *floodRound) row(w io.Writer, name string) {
	placed := 0
	for _, o := range r.report.Calls {
		placed += o.Placed
	}
	fmt.Fprintf(w, "  %-23s %6d %6d %8.2f %8.2f %7.1f %9.2f %8.0f %8d %7d %7d %8d %9.2f  %s\n", name, placed, failedCalls(r.report),
		ms(r.report.Ringing.P50), ms(r.report.Ringing.P99), float64(r.rss)/(1<<20), r.spent.sum().Seconds()/r.took.Seconds(),
		float64(r.sent)/r.length.Seconds(), r.heard, r.heardOct, r.overrun, r.report.Media[0].Lost+r.report.Media[1].Lost, ms(r.report.Generator.Late.P99), counted(r.drops))
	for kind, o := range r.report.Calls {
		if len(o.Failed) > 0 {
			fmt.Fprintf(w, "    failed, %s: %s\n", kind, counted(o.Failed))
		}
	}
}

func ms(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }

func counted(by map[string]int) string {
	var words []string
	for _, k := range slices.Sorted(maps.Keys(by)) {
		words = append(words, fmt.Sprintf("%s %d", k, by[k]))
	}
	return strings.Join(words, ", ")
}

// summarise measures the rounds by their bars. What may be answered: nothing to
// a stranger; to a trunk's address whatever its messages deserve, since nothing
// but the address says whose they are.
func (all floodRun) summarise(p floodPlan, w io.Writer) (sound bool) {
	p99, most := map[string][]float64{}, map[string]int{}
	failed, answered := 0, uint64(0)
	for i := range all {
		r := &all[i]
		failed += failedCalls(r.report)
		most[r.kind] = max(most[r.kind], r.rss)
		if r.warm {
			continue
		}
		p99[r.kind] = append(p99[r.kind], ms(r.report.Ringing.P99))
		if r.kind == floodStrangers {
			answered += r.heardOct
			if seen := uint64(r.drops["unknown_source"] + r.drops["kernel"]); seen < r.sent*9/10 {
				fmt.Fprintf(w, "FAULT: of %d datagrams of strangers the border has counted %d\n", r.sent, seen)
				return false
			}
		}
	}
	for _, kind := range p.kinds {
		if len(p99[kind]) < p.rounds {
			return false
		}
		fmt.Fprintf(w, "%s: rings in %.2f ms (p99, median of %d rounds), %.1f MiB at most\n", kind, median(p99[kind]), len(p99[kind]), float64(most[kind])/(1<<20))
	}
	bar{name: "good calls failed", value: float64(failed)}.write(w)
	bar{name: "answered to strangers", value: float64(answered), unit: "octets"}.write(w)
	for _, kind := range p.kinds[1:] {
		bar{name: "resident set beside " + kind + " above that of calls alone", value: float64(most[kind]-most[floodNone]) / (1 << 20), most: grownMost, unit: "MiB"}.write(w)
		bar{name: "p99 of ringing beside " + kind + " by that of calls alone", value: median(p99[kind]) / median(p99[floodNone]), most: laterMost}.write(w)
	}
	return failed == 0 && answered == 0
}

// metricsURL finds the address of the metrics in the product's ready line.
func metricsURL(said string) (string, error) {
	for word := range strings.FieldsSeq(said) {
		if at, ok := strings.CutPrefix(word, "metrics="); ok {
			return "http://" + at + "/metrics", nil
		}
	}
	return "", errors.New("the product does not say where its metrics are")
}

func readDrops(url string) (map[string]int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("read metrics: %w", err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 4<<20))
	if err != nil {
		return nil, fmt.Errorf("read metrics: %w", err)
	}
	return parseDrops(text)
}

// parseDrops reads the lines sekisho_dropped_datagrams_total{listener="L",reason="R"} N,
// of which there is one for each reason that has occurred.
func parseDrops(text []byte) (map[string]int, error) {
	drops := map[string]int{}
	if !strings.Contains(string(text), "\nsekisho_up 1\n") {
		return nil, errors.New("these are no metrics of a running instance")
	}
	for line := range strings.Lines(string(text)) {
		labels, ok := strings.CutPrefix(line, "sekisho_dropped_datagrams_total{")
		if !ok {
			continue
		}
		labels, count, _ := strings.Cut(labels, "} ")
		n, err := strconv.Atoi(strings.TrimSpace(count))
		if err != nil {
			return nil, fmt.Errorf("dropped datagrams in %q: %w", line, err)
		}
		_, reason, _ := strings.Cut(labels, `reason="`)
		drops[strings.TrimSuffix(reason, `"`)] += n
	}
	return drops, nil
}
