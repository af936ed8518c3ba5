// Command sekisho is a carrier-trunk SBC and edge proxy. See README.md.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

// command is one word of the command line. Its function gets what follows and
// returns the exit status: 0 done, 1 failed, 2 used wrongly.
type command struct {
	name, summary string
	run           func(args []string, stdout, stderr io.Writer) int
}

func commands() []command {
	return []command{
		{"run", "run an instance from a configuration file", runCommand},
		{"demo", "show the product at work: simulated carriers on free loopback ports", demoCommand},
		{"check", "check a configuration file: all faults at once, profile examples, what each tenant means", checkCommand},
		{"contacts", "write a tenant's phone book: vCard or CSV", contactsCommand},
		{"holds", "report how long each agent has held callers", holdsCommand},
		{"explain", "tell what would become of a call, and why", explainCommand},
		{"version", "print the version", versionCommand},
	}
}

func main() { os.Exit(dispatch(os.Args[1:], os.Stdout, os.Stderr)) }

func dispatch(args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		for _, c := range commands() {
			if c.name == args[0] {
				return c.run(args[1:], stdout, stderr)
			}
		}
	}
	out, status := stderr, 2
	if len(args) > 0 && (args[0] == "help" || args[0] == "-h" || args[0] == "-help" || args[0] == "--help") {
		out, status = stdout, 0
	} else if len(args) > 0 {
		fmt.Fprintf(out, "sekisho: %q is no command\n\n", args[0])
	}
	fmt.Fprintln(out, "usage: sekisho COMMAND [flags]")
	for _, c := range commands() {
		fmt.Fprintf(out, "  %-8s %s\n", c.name, c.summary)
	}
	fmt.Fprintln(out, "sekisho COMMAND -h tells a command's flags.")
	return status
}

// parse reads a command's flags; done tells that its run is over, with status.
func parse(f *flag.FlagSet, usage string, args []string, stderr io.Writer) (status int, done bool) {
	f.SetOutput(stderr)
	f.Usage = func() {
		fmt.Fprintln(stderr, "usage: sekisho "+usage)
		f.PrintDefaults()
	}
	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0, true
	case err != nil:
		return 2, true
	}
	return 0, false
}
