package main

import (
	"errors"
	"flag"
	"fmt"
	"io"

	"sekisho/edge/config"
	"sekisho/edge/provision"
)

// checkCommand reports everything that is wrong with a configuration, each
// fault with its line and key, and what its tenants mean. It starts nothing.
func checkCommand(args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet("check", flag.ContinueOnError)
	sample := f.Bool("sample", false, "print a sample configuration with every key, instead of checking")
	if status, done := parse(f, "check FILE | check -sample", args, stderr); done {
		return status
	}
	if *sample {
		_, err := stdout.Write(config.Sample())
		return status(err)
	}
	if f.NArg() != 1 {
		f.Usage()
		return 2
	}
	c, err := config.Load(f.Arg(0))
	var faults config.Faults
	if errors.As(err, &faults) {
		for _, fault := range faults {
			fmt.Fprintln(stdout, "error:", fault.Error())
		}
		fmt.Fprintf(stdout, "%d faults\n", len(faults))
		report(stdout, provision.Broken(faults))
		return 1
	}
	if err != nil {
		fmt.Fprintln(stderr, "sekisho:", err)
		return 1
	}
	for _, w := range c.Warnings {
		fmt.Fprintln(stdout, "warning:", w.Error())
	}
	examples, missed := 0, 0
	for i := range c.Trunks {
		ran, misses := c.Trunks[i].Profile.Check()
		examples += ran
		missed += len(misses)
		for _, m := range misses {
			fmt.Fprintf(stdout, "error: trunks.%s: profile %s: %s\n", c.Trunks[i].Name, c.Trunks[i].Profile.Name, m)
		}
	}
	fmt.Fprintf(stdout, "%d trunks, %d tenants, %d profile examples, %d warnings\n", len(c.Trunks), len(c.Tenants), examples, len(c.Warnings))
	report(stdout, provision.Report(c))
	if missed > 0 {
		return 1
	}
	return 0
}

// report prints what the directory of each tenant means (SPEC R76).
func report(w io.Writer, tenants []provision.Tenant) {
	for _, t := range tenants {
		fmt.Fprintf(w, "\n%s", t)
	}
}

func status(err error) int {
	if err != nil {
		return 1
	}
	return 0
}
