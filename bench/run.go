package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"sekisho/edge/lab/e2e"
)

// shop is where one run takes place: the binary in a folder of the run's own, and
// the conditions, which its report begins with.
type shop struct {
	trial
	conditions conditions
	keep       bool // the folder
}

// openShop prepares one in a new folder within keep, or in one that goes with it.
func openShop(ctx context.Context, keep string) (*shop, error) {
	s := &shop{keep: keep != ""}
	var err error
	if s.folder, err = os.MkdirTemp(keep, "sekisho-bench-"); err != nil {
		return nil, err
	}
	if s.binary, err = e2e.Build(ctx, s.folder); err == nil {
		s.conditions, err = readConditions(ctx, s.binary)
	}
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// openSIPpShop is openShop of a run whose generator is sipp.
func openSIPpShop(ctx context.Context, keep string) (*shop, error) {
	s, err := openShop(ctx, keep)
	if err != nil {
		return nil, err
	}
	if s.conditions.sipp, err = sippVersion(ctx); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *shop) close() error {
	if s.keep {
		return nil
	}
	return os.RemoveAll(s.folder)
}

// carried is the end of each command: it measures until it is interrupted, and
// appends the report to the file record, where there is one. It returns what run
// does.
func carried(name, record string, stdout, stderr io.Writer, measure func(context.Context, io.Writer) (sound bool, err error)) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	var text strings.Builder
	sound, err := measure(ctx, io.MultiWriter(stdout, &text))
	if err == nil && record != "" {
		err = appendTo(record, text.String())
	}
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
		return 1
	}
	if !sound {
		return 1
	}
	return 0
}
