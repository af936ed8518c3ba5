package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestHolds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "activity.jsonl")
	stream := `{"stream":"agent_activity","event":"hold_start","at":"2026-07-01T09:00:00Z","call":"c","tenant":"t1","extension":"2001"}
{"stream":"agent_activity","event":"hold_end","at":"2026-07-01T09:00:30Z","call":"c","tenant":"t1","extension":"2001","took_ms":30000}
{"stream":"agent_activity","event":"hold_end","at":"2026-07-01T09:01:30Z","call":"c","tenant":"t1","extension":"2001","took_ms":10500}
`
	if err := os.WriteFile(path, []byte(stream), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, said bytes.Buffer
	if got := holdsCommand([]string{path}, &out, &said); got != 0 || said.Len() > 0 || out.String() != "tenant,extension,holds,total_s,mean_s,longest_s\nt1,2001,2,40.5,20.2,30.0\n" {
		t.Errorf("%d, %q, %q", got, &said, &out)
	}
	for args, want := range map[string]int{"": 2, path + " " + path: 2, path + ".gone": 1} {
		if got := holdsCommand(strings.Fields(args), &out, &said); got != want {
			t.Errorf("holds %s: %d, want %d", args, got, want)
		}
	}
}
