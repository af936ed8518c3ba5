package node

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"sekisho/edge/cdr"
	"sekisho/edge/ops"
)

// No record is dropped: where more come than the queue holds they wait, and
// what has been offered is in the file when it is closed.
func TestEveryRecordIsWritten(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cdr.jsonl")
	r, err := openRecords(path, ops.NewMetrics(ops.MetricsConfig{}), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	const offered = 2*queueDepth + 1
	for range offered {
		r.offer(&cdr.Record{ID: "x"})
	}
	if err := r.close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(text, []byte("\n")); n != offered || r.written.Load() != offered || r.failed.Load() != 0 {
		t.Errorf("%d lines, %d written and %d failed, of %d", n, r.written.Load(), r.failed.Load(), offered)
	}
}
