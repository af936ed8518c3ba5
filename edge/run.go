package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"sekisho/edge/config"
	"sekisho/edge/node"
	"sekisho/edge/ops"
)

// runCommand runs an instance until it is told to end. When all is open it
// says so in one line on stdout: "ready border=… [seam=…] [debug=…]".
func runCommand(args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet("run", flag.ContinueOnError)
	debugAt := f.String("debug", "", "serve what the instance holds as JSON at this loopback `address`:port under /debug")
	if status, done := parse(f, "run [flags] FILE", args, stderr); done {
		return status
	}
	if f.NArg() != 1 {
		f.Usage()
		return 2
	}
	c, err := config.Load(f.Arg(0))
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level(c.Log.Level)}))
	for _, w := range c.Warnings {
		log.Warn("configuration", "fault", w.Error())
	}
	// Garbage is collected a quarter as often as Go does by itself: calls are
	// short-lived and memory is not what this machine lacks.
	debug.SetGCPercent(400)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	n, err := node.Open(c, node.Options{Log: log})
	if err != nil {
		fmt.Fprintln(stderr, "sekisho:", err)
		return 1
	}
	ready := "ready" + addresses(n.Sockets())
	if *debugAt != "" {
		d, err := ops.Debug(*debugAt, n.State)
		if err != nil {
			fmt.Fprintln(stderr, "sekisho:", err)
			_ = n.Close()
			return 1
		}
		defer d.Close()
		ready += " debug=" + d.Addr()
	}
	if at := n.Metrics(); at != "" {
		ready += " metrics=" + at
	}
	fmt.Fprintln(stdout, ready)
	<-ctx.Done()
	stop() // a second signal ends the process at once
	if err := n.Close(); err != nil {
		fmt.Fprintln(stderr, "sekisho:", err)
		return 1
	}
	return 0
}

func addresses(s node.Sockets) string {
	var b strings.Builder
	for _, a := range s.Border {
		b.WriteString(" border=udp:" + a.String())
	}
	for _, a := range s.Seam {
		b.WriteString(" seam=udp:" + a.String())
	}
	for _, a := range s.Phones {
		b.WriteString(" phones=udp:" + a.String())
	}
	return b.String()
}

func level(l config.Level) slog.Level {
	switch l {
	case config.Debug:
		return slog.LevelDebug
	case config.Info:
		return slog.LevelInfo
	case config.Warn:
		return slog.LevelWarn
	case config.Error:
		return slog.LevelError
	}
	return slog.LevelInfo
}
