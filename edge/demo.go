package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"sekisho/edge/lab/demo"
)

// demoCommand shows the product at work. Its status is 0 only if every check
// passed.
func demoCommand(args []string, stdout, stderr io.Writer) int {
	var faults []string
	for _, f := range demo.Faults() {
		faults = append(faults, f.String())
	}
	f := flag.NewFlagSet("demo", flag.ContinueOnError)
	step := f.String("step", "", "perform only the step of this `name`")
	broken := f.String("break", "", "give the product something broken, for the checks to find: "+strings.Join(faults, ", "))
	list := f.Bool("list", false, "list the steps instead")
	show := f.Bool("config", false, "print the demo's configuration instead")
	if status, done := parse(f, "demo [flags]", args, stderr); done {
		return status
	}
	fault, err := demo.ParseFault(*broken)
	if err != nil || f.NArg() != 0 {
		if err != nil {
			fmt.Fprintln(stderr, "sekisho:", err)
		}
		f.Usage()
		return 2
	}
	switch {
	case *list:
		return status(demo.List(stdout))
	case *show:
		text, err := demo.Configuration(fault)
		if err == nil {
			_, err = io.WriteString(stdout, text)
		}
		return status(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	report, err := demo.Run(ctx, demo.Options{Step: *step, Fault: fault, Out: stdout, Style: styleOf(stdout)})
	switch {
	case errors.Is(err, demo.ErrUnknownStep):
		fmt.Fprintf(stderr, "sekisho: %v; demo -list names them\n", err)
		return 2
	case err != nil:
		fmt.Fprintln(stderr, "sekisho:", err)
		return 1
	case len(report.Failed) > 0:
		return 1
	}
	return 0
}

// styleOf marks text for a terminal whose user has not asked for plain text
// (no-color.org).
func styleOf(w io.Writer) demo.Style {
	file, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return demo.Plain
	}
	if info, err := file.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return demo.Plain
	}
	return demo.Colour
}
