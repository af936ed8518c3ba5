package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// profile writes where a process spends its time, kernel and all, while during
// runs. It needs perf(1); without it, or without the right to use it, that is
// said instead and during is not run.
func profile(ctx context.Context, folder string, pid int, during func() error, w io.Writer) error {
	if _, err := exec.LookPath("perf"); err != nil {
		_, err = fmt.Fprintln(w, "no profile: perf is not installed")
		return err
	}
	data := filepath.Join(folder, "perf.data")
	// A rate that shares no factor with timers.
	record := exec.CommandContext(ctx, "perf", "record", "-q", "-F", "997", "-g", "-o", data, "-p", strconv.Itoa(pid))
	record.Cancel = func() error { return record.Process.Signal(syscall.SIGINT) }
	record.WaitDelay = 10 * time.Second
	var said strings.Builder
	record.Stderr = &said
	if err := record.Start(); err != nil {
		return fmt.Errorf("start perf: %w", err)
	}
	err := during()
	// perf ends with the signal that it was ended by, so its status says nothing.
	stopped := record.Process.Signal(syscall.SIGINT)
	_ = record.Wait()
	if err := errors.Join(err, stopped); err != nil {
		if said.Len() > 0 {
			fmt.Fprintf(w, "no profile: %s\n", strings.TrimSpace(said.String()))
		}
		return err
	}
	for _, view := range []struct {
		title string
		flags []string
		lines int
	}{
		{"by function, with what it calls", []string{"--children"}, 60},
		{"by function alone", []string{"--no-children"}, 40},
	} {
		args := append([]string{"report", "--stdio", "-q", "-g", "none", "--percent-limit", "1", "--sort", "symbol", "-i", data}, view.flags...)
		out, err := exec.CommandContext(ctx, "perf", args...).Output()
		if err != nil {
			fmt.Fprintf(w, "no profile: perf report: %v; %s\n", err, strings.TrimSpace(said.String()))
			return nil
		}
		fmt.Fprintf(w, "\nprofile of the border, %s\n", view.title)
		left := view.lines
		for line := range strings.Lines(string(out)) {
			if strings.TrimSpace(line) == "" {
				continue
			}
			if left--; left < 0 {
				break
			}
			fmt.Fprintln(w, " ", strings.TrimRight(line, " -\n")) // columns of what was not asked for
		}
	}
	return os.Remove(data)
}
