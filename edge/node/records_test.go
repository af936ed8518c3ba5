package node

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sekisho/edge/cdr"
	"sekisho/edge/ops"
)

// No record is dropped: where more come than the queue holds they wait, and
// what has been offered is in the file when it is closed.
func TestEveryRecordIsWritten(t *testing.T) {
	t.Parallel()
	for range 8 { // what is queued at the end is forgotten by chance, if it is
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
			t.Fatalf("%d lines, %d written and %d failed, of %d", n, r.written.Load(), r.failed.Load(), offered)
		}
	}
}

// Activities go to a file of their own.
func TestActivitiesAreWritten(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "activity.jsonl")
	j, err := openJournal[*cdr.Activity](path, "activities", nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	j.offer(&cdr.Activity{Event: cdr.HoldStart, Tenant: "t1", Extension: "2001"})
	j.offer(&cdr.Activity{Event: cdr.HoldEnd, Tenant: "t1", Extension: "2001", Took: 3 * time.Second})
	if err := j.close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	holds, err := cdr.ReadHolds(f)
	if err != nil || len(holds) != 1 || holds[0].Total != 3*time.Second {
		t.Errorf("%v, %v", holds, err)
	}
	if _, err := openJournal[*cdr.Activity](t.TempDir(), "activities", nil, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "activities: ") {
		t.Errorf("a folder for a file: %v", err)
	}
}
