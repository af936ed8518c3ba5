package load

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"
)

// Report is what a trial has shown. As JSON, times are microseconds unless
// their key says otherwise.
type Report struct {
	Took time.Duration `json:"took_ns"`
	// Calls is by the name of their Kind, Statuses how often a final response
	// to an INVITE reached the caller.
	Calls    map[string]Outcome `json:"calls"`
	Statuses map[int]int        `json:"statuses"`
	// Ringing and Answered are from the moment at which an INVITE was due to
	// the first 18x and the first 2xx.
	Ringing  Quantiles `json:"ringing"`
	Answered Quantiles `json:"answered"`
	// Unrung counts calls whose 200 came without any 18x before it: lost, or
	// overtaken.
	Unrung int `json:"unrung"`
	// Media is by who sent: the caller, the callee. Latency is of both.
	Media   [2]Direction `json:"media"`
	Latency Quantiles    `json:"latency"`
	// Strangers counts packets from sources that no SDP has named; Early those
	// that came to a socket where an SDP was still awaited, and may be its
	// announcement; Sound those of announcements and tones to calls that were
	// not answered.
	Strangers uint64    `json:"strangers"`
	Early     uint64    `json:"early"`
	Sound     uint64    `json:"sound"`
	Generator Generator `json:"generator"`
}

// Outcome is what became of the calls of one kind.
type Outcome struct {
	Placed int `json:"placed"`
	// Kept went as planned to their end, Cut did so until the trial ended them.
	Kept int `json:"kept"`
	Cut  int `json:"cut"`
	// Failed is by what went wrong first.
	Failed map[string]int `json:"failed,omitempty"`
}

// Direction is the media that one end has sent, by what the other received.
type Direction struct {
	From    string `json:"from"`
	Streams int    `json:"streams"`
	Sent    uint64 `json:"sent"`
	// Received counts each packet once. Lost is the rest of Sent; LostAtStart
	// what of that came before the first packet received of its stream: nobody
	// listened yet.
	Received        uint64 `json:"received"`
	Lost            uint64 `json:"lost"`
	LostAtStart     uint64 `json:"lost_at_start"`
	StreamsWithLoss int    `json:"streams_with_loss"`
	Duplicated      uint64 `json:"duplicated"`
	Reordered       uint64 `json:"reordered"`
	Corrupted       uint64 `json:"corrupted"`
	// Foreign counts whole packets that belong to another call or direction.
	Foreign uint64 `json:"foreign"`
	// Renumbered counts breaks of SSRC, sequence or timestamps within a stream.
	Renumbered uint64 `json:"renumbered"`
	// Jitter is RFC 3550's (§6.4.1) at the end of each stream.
	JitterMean float64   `json:"jitter_mean_us"`
	JitterMax  float64   `json:"jitter_max_us"`
	Latency    Quantiles `json:"latency"`
}

// Generator says how the generator itself has kept up.
type Generator struct {
	// Late is how long after its time a packet left.
	Late Quantiles `json:"late"`
	// Unsent counts packets that the kernel did not take: they are not in Sent.
	// Overruns counts datagrams that found a receive buffer of ours full.
	Unsent   uint64 `json:"unsent"`
	Overruns uint64 `json:"overruns"`
	// Repeated and HeardAgain are SIP retransmissions sent and received.
	Repeated   int `json:"repeated"`
	HeardAgain int `json:"heard_again"`
	Stray      int `json:"stray"`
	Unreadable int `json:"unreadable"`
}

// Faults says what kept the trial from being perfect: each call as planned,
// each packet received once, in order and whole. Latency is not judged.
func (r *Report) Faults() []string {
	var all []string
	fault := func(n uint64, what string) {
		if n > 0 {
			all = append(all, fmt.Sprintf("%d %s", n, what))
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(r.Calls)) {
		o := r.Calls[kind]
		for _, what := range slices.Sorted(maps.Keys(o.Failed)) {
			fault(uint64(o.Failed[what]), kind+" calls: "+what)
		}
		fault(uint64(max(0, o.Placed-o.Kept-o.Cut-failed(o))), kind+" calls: nobody knows what became of them")
	}
	fault(uint64(r.Unrung), "calls answered without 18x")
	for _, d := range r.Media {
		fault(d.Lost, "packets of the "+d.From+" lost")
		fault(d.Duplicated, "packets of the "+d.From+" duplicated")
		fault(d.Reordered, "packets of the "+d.From+" out of order")
		fault(d.Corrupted, "packets of the "+d.From+" corrupted")
		fault(d.Foreign, "packets of others in place of the "+d.From+"'s")
		fault(d.Renumbered, "breaks in streams of the "+d.From)
	}
	fault(r.Strangers, "packets from unknown sources")
	fault(r.Generator.Unsent, "packets that the generator could not send")
	fault(r.Generator.Overruns, "datagrams lost at the generator's own sockets")
	fault(uint64(r.Generator.Stray), "SIP messages that belong to no call")
	fault(uint64(r.Generator.Unreadable), "SIP messages that cannot be read")
	return all
}

func failed(o Outcome) int {
	n := 0
	for _, f := range o.Failed {
		n += f
	}
	return n
}

// Write prints the report as tables. An error is w's.
func (r *Report) Write(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "calls\tplaced\tas planned\tcut\tfailed\t\n")
	for _, kind := range slices.Sorted(maps.Keys(r.Calls)) {
		o := r.Calls[kind]
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t\n", kind, o.Placed, o.Kept, o.Cut, failed(o))
	}
	fmt.Fprint(t, "\nmedia from\tstreams\tsent\treceived\tlost\tat start\tduplicate\treordered\tcorrupt\tforeign\tbreaks\tjitter us\tmax\t\n")
	for _, d := range r.Media {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%.0f\t%.0f\t\n", d.From, d.Streams, d.Sent, d.Received, d.Lost, d.LostAtStart,
			d.Duplicated, d.Reordered, d.Corrupted, d.Foreign, d.Renumbered, d.JitterMean, d.JitterMax)
	}
	fmt.Fprint(t, "\nmilliseconds\tcount\tp50\tp90\tp99\tp99.9\tmax\t\n")
	for _, q := range []struct {
		name string
		Quantiles
	}{{"INVITE to 18x", r.Ringing}, {"INVITE to 200", r.Answered}, {"one way", r.Latency}, {"left late by", r.Generator.Late}} {
		ms := func(d time.Duration) float64 { return float64(d) / 1e6 }
		fmt.Fprintf(t, "%s\t%d\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t\n", q.name, q.Count, ms(q.P50), ms(q.P90), ms(q.P99), ms(q.P999), ms(q.Max))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	g := r.Generator
	_, err := fmt.Fprintf(w, "\nfinal responses %v; SIP repeated %d, heard again %d, stray %d; packets of strangers %d, of announcements %d; "+
		"generator: unsent %d, overruns %d\n", r.Statuses, g.Repeated, g.HeardAgain, g.Stray, r.Strangers, r.Sound, g.Unsent, g.Overruns)
	for _, f := range r.Faults() {
		if err == nil {
			_, err = fmt.Fprintf(w, "FAULT: %s\n", f)
		}
	}
	return err
}
