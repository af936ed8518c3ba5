package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"sekisho/edge/lab/e2e"
)

// footing is what a process holds at one moment.
type footing struct {
	rss int
	e2e.Debug
}

// afterwards is when the transactions of a call's beginning have ended
// (64*T1, RFC 6026 §7.1, and a moment).
const afterwards = 34 * time.Second

// memory places calls that stand, without RTP, and compares what the process
// holds at the start, with none and with all of them: at once, while the transactions of the
// INVITEs linger, and when those are over. Kernel memory of the sockets is not
// in it: two port pairs, four sockets, a call.
func (t trial) memory(ctx context.Context, held int, w io.Writer) (err error) {
	site, product, err := t.start(ctx, "memory")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, product.Stop(15*time.Second)) }()
	fresh, err := stand(product)
	if err != nil {
		return err
	}
	const rate = 200
	// As many calls as will stand have been there before, so that what the heap
	// keeps for good (ports, grown tables) is no part of a call. Of the resident
	// set it is: that is compared with the start.
	if _, err := calls(ctx, product, site, order{name: "warm", calls: held, rate: rate}); err != nil {
		return err
	}
	if err := pause(ctx, afterwards); err != nil {
		return err
	}
	none, err := stand(product)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { // ends with the generators, which is waited for below
		_, err := calls(ctx, product, site, order{
			name: "held", calls: held, rate: rate, talk: time.Duration(held/rate)*time.Second + afterwards + 10*time.Second,
		})
		ended <- err
	}()
	first, err := establish(ctx, product, held, ended)
	if err != nil {
		return err
	}
	if err := pause(ctx, afterwards); err != nil {
		return err
	}
	settled, err := stand(product)
	if err != nil {
		return err
	}
	if settled.Calls != held {
		return fmt.Errorf("%d of %d calls still stand", settled.Calls, held)
	}
	fmt.Fprintf(w, "\nMemory of the border process per established call, no media\n")
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(table, "calls\ttransactions\tRSS MiB\theap MiB\tRSS KiB/call\theap KiB/call\tdescriptors\t\n")
	for _, f := range []footing{fresh, none, first, settled} {
		f.row(table, fresh.rss, none.Heap)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	bar{name: fmt.Sprintf("resident memory a call, %d calls", held), value: float64(settled.rss-fresh.rss) / 1000 / float64(held), most: perCallMost, unit: "KB"}.write(w)
	return <-ended
}

// perCallMost is the most kilobytes, of 1000 octets, that an established call may
// add to the resident set.
const perCallMost = 20

// establish waits until all calls stand.
func establish(ctx context.Context, product *e2e.Instance, held int, ended <-chan error) (footing, error) {
	for range held/10 + 200 {
		f, err := stand(product)
		if err != nil {
			return f, err
		}
		if f.Calls == held && f.answered() {
			return f, nil
		}
		select {
		case err := <-ended:
			return f, errors.Join(errors.New("the generators ended before all calls stood"), err)
		case <-ctx.Done():
			return f, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
	return footing{}, fmt.Errorf("%d calls do not come to stand", held)
}

// answered reports that no transaction waits for anything.
func (f *footing) answered() bool { return f.Transactions == 0 }

func stand(product *e2e.Instance) (footing, error) {
	d, err := product.Debug() // collects garbage and gives it back before it answers
	if err != nil {
		return footing{}, err
	}
	rss, err := readRSS(product.PID())
	return footing{rss, d}, err
}

// row compares the resident set with rss and the heap with heap.
func (f footing) row(w io.Writer, rss int, heap uint64) {
	const mib, kib = 1 << 20, 1 << 10
	each := func(now, then float64) string {
		if f.Calls == 0 {
			return "-"
		}
		return fmt.Sprintf("%.1f", (now-then)/kib/float64(f.Calls))
	}
	fmt.Fprintf(w, "%d\t%d\t%.1f\t%.1f\t%s\t%s\t%d\t\n", f.Calls, f.Transactions, float64(f.rss)/mib, float64(f.Heap)/mib,
		each(float64(f.rss), float64(rss)), each(float64(f.Heap), float64(heap)), f.Descriptors)
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func makeFolder(in, name string) (string, error) {
	path := filepath.Join(in, name)
	return path, os.Mkdir(path, 0o755)
}
