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

// records appends call records to a file, off the shards' loops.
type records struct {
	// queue is written by the loops and closed by close, after the loops have
	// stopped; when it is full, offer waits, since a record is never dropped.
	queue chan *cdr.Record
	done  sync.WaitGroup
	file  *os.File
	count *ops.Metrics
	log   *slog.Logger
	// written counts lines that the file has taken; failed those it refused.
	written, failed atomic.Uint64
}

// openRecords opens the file for appending; an empty path keeps no records.
func openRecords(path string, count *ops.Metrics, log *slog.Logger) (*records, error) {
	r := &records{count: count, log: log, queue: make(chan *cdr.Record, 4096)}
	if path != "" {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
		if err != nil {
			return nil, fmt.Errorf("call records: %w", err)
		}
		r.file = f
	}
	// Owned by records; ends when close closes the queue.
	r.done.Go(r.run)
	return r, nil
}

func (r *records) offer(c *cdr.Record) { r.queue <- c }

func (r *records) run() {
	if r.file == nil {
		for c := range r.queue {
			r.count.Record(c)
			r.written.Add(1)
		}
		return
	}
	w := bufio.NewWriterSize(r.file, 64<<10)
	var line []byte
	pending := uint64(0)
	flush := func() {
		if pending == 0 {
			return
		}
		if err := w.Flush(); err != nil {
			r.failed.Add(pending)
			r.log.Error("call records cannot be written", "file", r.file.Name(), "lost", pending, "err", err)
			w.Reset(r.file)
		} else {
			r.written.Add(pending)
		}
		pending = 0
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case c, ok := <-r.queue:
			if !ok {
				flush()
				return
			}
			r.count.Record(c)
			var err error
			if line, err = c.Append(line[:0]); err != nil {
				r.failed.Add(1)
				continue
			}
			pending++
			_, _ = w.Write(line) // the writer keeps its first error for Flush
		case <-tick.C:
			flush()
		}
	}
}

// close writes what is queued and closes the file.
func (r *records) close() error {
	close(r.queue)
	r.done.Wait()
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}
