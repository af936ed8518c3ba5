package node

import (
	"bufio"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"sekisho/edge/cdr"
	"sekisho/edge/ops"
)

// line is what a journal holds.
type line interface{ Append([]byte) ([]byte, error) }

// journal appends call records, or the activities beside them, to a file, off the
// shards' loops.
type journal[T line] struct {
	// queue is written by the loops; when it is full, offer waits, since no line
	// is ever dropped. What is in it is fetched ten times a second: to be woken
	// for each line would cost as much as writing it.
	queue chan T
	stop  chan struct{} // closed by close, after the loops have stopped
	done  sync.WaitGroup
	file  *os.File
	name  string  // in the log
	seen  func(T) // told of each, or nil
	log   *slog.Logger
	// written counts lines that the file has taken; failed those it refused.
	written, failed atomic.Uint64
}

// fetched is how often; the queue holds what 80,000 calls/s leave in between.
const (
	fetched    = 100 * time.Millisecond
	queueDepth = 8192
)

// openRecords opens the file for appending; an empty path keeps no records.
func openRecords(path string, count *ops.Metrics, log *slog.Logger) (*journal[*cdr.Record], error) {
	return openJournal(path, "call records", count.Record, log)
}

func openJournal[T line](path, name string, seen func(T), log *slog.Logger) (*journal[T], error) {
	r := &journal[T]{name: name, seen: seen, log: log, queue: make(chan T, queueDepth), stop: make(chan struct{})}
	if path != "" {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		r.file = f
	}
	// Owned by the journal; ends when close closes stop.
	r.done.Go(r.run)
	return r, nil
}

func (r *journal[T]) offer(c T) { r.queue <- c }

func (r *journal[T]) run() {
	var w *bufio.Writer
	if r.file != nil {
		w = bufio.NewWriterSize(r.file, 64<<10)
	}
	tick := time.NewTicker(fetched)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			r.write(w)
		case <-r.stop:
			r.write(w)
			return
		}
	}
}

// write writes what is queued; w is nil where none are kept.
func (r *journal[T]) write(w *bufio.Writer) {
	var line []byte
	pending := uint64(0)
	for {
		select {
		case c := <-r.queue:
			if r.seen != nil {
				r.seen(c)
			}
			if w != nil {
				var err error
				if line, err = c.Append(line[:0]); err != nil {
					r.failed.Add(1)
					continue
				}
				_, _ = w.Write(line) // the writer keeps its first error for Flush
			}
			pending++
			continue
		default:
		}
		break
	}
	if w != nil && pending > 0 {
		if err := w.Flush(); err != nil {
			r.failed.Add(pending)
			r.log.Error(r.name+" cannot be written", "file", r.file.Name(), "lost", pending, "err", err)
			w.Reset(r.file)
			return
		}
	}
	r.written.Add(pending)
}

// close writes what is queued and closes the file.
func (r *journal[T]) close() error {
	close(r.stop)
	r.done.Wait()
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}
