package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"sekisho/edge/cdr"
)

// holdsCommand reports how agents have held callers, from the stream of
// activities: the records do not say (SPEC R58).
func holdsCommand(args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet("holds", flag.ContinueOnError)
	if status, done := parse(f, "holds FILE", args, stderr); done {
		return status
	}
	if f.NArg() != 1 {
		f.Usage()
		return 2
	}
	stream, err := os.Open(f.Arg(0))
	if err != nil {
		fmt.Fprintln(stderr, "sekisho:", err)
		return 1
	}
	defer stream.Close()
	list, err := cdr.ReadHolds(stream)
	if err != nil {
		fmt.Fprintf(stderr, "sekisho: %s: %v\n", f.Arg(0), err)
		return 1
	}
	fmt.Fprintln(stdout, "tenant,extension,holds,total_s,mean_s,longest_s")
	for _, h := range list {
		mean := h.Total / time.Duration(h.Count)
		fmt.Fprintf(stdout, "%s,%s,%d,%.1f,%.1f,%.1f\n", h.Tenant, h.Extension, h.Count, h.Total.Seconds(), mean.Seconds(), h.Longest.Seconds())
	}
	return 0
}
