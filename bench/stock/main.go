// Command stock is a B2BUA on stock sipgo, for comparison: its parser, its
// transactions, its dialog caches and its UDP transport, used as its README
// shows, with a goroutine for each request.
//
//	stock -west ADDR -east ADDR -core ADDR -cdr FILE
//
// For the bench's call it does what the border does. It reads and rewrites the
// same header fields (rewrite.go), puts an address and ports of its own into
// both descriptions, listens on two sockets and appends one JSON record a call
// to a file. Garbage is collected as rarely as in the product.
//
// It leaves out what the border does beside: no policy, no limits, no guard
// against hostile input, no ports bound, no media plane, no session timers, no
// prompts. It therefore has less to do for a call.
//
// Ready, it says so in one line on standard output; SIGTERM ends it.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/emiago/sipgo/sip"
)

const (
	// collectedAt is the product's GOGC; a test compares.
	collectedAt = 400
	// receiveBuffer is what the product asks for, in octets; Linux grants it as
	// far as net.core.rmem_max goes.
	receiveBuffer = 4 << 20
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet("stock", flag.ContinueOnError)
	f.SetOutput(stderr)
	var p place
	f.TextVar(&p.west, "west", netip.AddrPort{}, "`ADDR` of the socket toward carriers")
	f.TextVar(&p.east, "east", netip.AddrPort{}, "`ADDR` of the socket toward the core")
	f.TextVar(&p.core, "core", netip.AddrPort{}, "`ADDR` of the core")
	f.StringVar(&p.records, "cdr", "", "append a record of each call to `FILE`")
	if err := f.Parse(args); err != nil {
		return 2
	}
	if f.NArg() > 0 || !p.west.IsValid() || !p.east.IsValid() || !p.core.IsValid() || p.records == "" {
		fmt.Fprintln(stderr, "stock: -west, -east, -core and -cdr are needed, and nothing else")
		return 2
	}
	debug.SetGCPercent(collectedAt)
	// Its complaints of messages that come late are counted by the generators.
	sip.SetDefaultLogger(slog.New(slog.DiscardHandler))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, p, func() { fmt.Fprintln(stdout, "ready") }); err != nil {
		fmt.Fprintln(stderr, "stock:", err)
		return 1
	}
	return 0
}

// place is where a B2BUA stands.
type place struct {
	west, east, core netip.AddrPort
	records          string
}

// listen opens a socket with the receive buffer that the product's have.
func listen(at netip.AddrPort) (*net.UDPConn, error) {
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
	if err != nil {
		return nil, err
	}
	if err := c.SetReadBuffer(receiveBuffer); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}
