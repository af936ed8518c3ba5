package main

import (
	"context"
	"fmt"
	"io"
	"os"
)

const usage = "usage: proof watch RESULTS | rows RESULTS | mutants [NAME…]"

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "proof:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	switch {
	case len(args) == 2 && args[0] == "watch":
		kept, err := os.OpenFile(args[1], os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		if err := watch(in, kept, out); err != nil {
			return err
		}
		return kept.Close()
	case len(args) == 2 && args[0] == "rows":
		return checkRows(args[1], out)
	case len(args) >= 1 && args[0] == "mutants":
		return checkMutants(ctx, args[1:], out)
	}
	return fmt.Errorf("%q: %s", args, usage)
}
