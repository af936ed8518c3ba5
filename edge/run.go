package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"sekisho/edge/config"
	"sekisho/edge/node"
	"sekisho/edge/ops"
)

// runCommand runs an instance until it is told to end (SIGINT, SIGTERM). When
// all is open it says so in one line on stdout: "ready border=… [seam=…]
// [debug=…]". SIGHUP has it read the directory again; live calls go on. After
// SIGUSR1 it takes no new calls, and waits for the end.
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
		d, err := ops.Debug(*debugAt, ops.Views{State: n.State, Calls: n.Calls, Media: n.Media})
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
	reloads := make(chan os.Signal, 1)
	signal.Notify(reloads, syscall.SIGHUP)
	defer signal.Stop(reloads)
	drains := make(chan os.Signal, 1)
	notifyDrain(drains)
	defer signal.Stop(drains)
	fmt.Fprintln(stdout, ready)
	for ended := false; !ended; {
		select {
		case <-reloads:
			reload(n, f.Arg(0), log)
		case <-drains:
			n.Drain()
			log.Info("no new calls are taken")
		case <-ctx.Done():
			ended = true
		}
	}
	stop() // a second signal ends the process at once
	if err := n.Close(); err != nil {
		fmt.Fprintln(stderr, "sekisho:", err)
		return 1
	}
	return 0
}

// reload reads the file again and takes its directory over. With any fault in
// it the instance goes on as it was.
func reload(n *node.Node, path string, log *slog.Logger) {
	c, err := config.Load(path)
	var faults config.Faults
	if errors.As(err, &faults) {
		for _, f := range faults {
			log.Error("configuration", "fault", f.Error())
		}
	}
	if err != nil {
		log.Error("not reloaded", "file", path, "err", briefly(err, len(faults)))
		return
	}
	for _, w := range c.Warnings {
		log.Warn("configuration", "fault", w.Error())
	}
	later, err := n.Reload(c)
	if err != nil {
		log.Error("not reloaded", "file", path, "err", err)
		return
	}
	for _, name := range later {
		log.Warn("a change waits for the next start", "section", name)
	}
	log.Info("reloaded", "file", path, "tenants", len(c.Tenants))
}

// briefly says how many faults there were where they have been told one by one.
func briefly(err error, faults int) string {
	if faults > 0 {
		return fmt.Sprintf("%d faults", faults)
	}
	return err.Error()
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
