package engine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A second place that puts packets out would send an SRTP peer plain RTP.
func TestOneWayOut(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	places := 0
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		places += strings.Count(string(text), "Transmit{")
	}
	if places != 1 {
		t.Errorf("packets are put out in %d places: all have to go through Worker.send", places)
	}
}
