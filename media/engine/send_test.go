package engine

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A second place that puts packets out would send an SRTP peer plain RTP. Records
// of DTLS alone protect themselves.
func TestOneWayOut(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	places := map[string]int{}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), "Transmit{"); n > 0 {
			places[f] = n
		}
	}
	if want := map[string]int{"worker.go": 1, "shake.go": 1}; !maps.Equal(places, want) {
		t.Errorf("packets are put out at %v: all have to go through Worker.send", places)
	}
}
