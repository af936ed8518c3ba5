package fuzz

import (
	"os"
	"path/filepath"
	"testing"
)

// The messages of RFC 4475 and RFC 5118, of captures and of carriers.
var sipFiles = []string{
	"../edge/sip/header/testdata/rfc4475/*.dat",
	"../edge/sip/header/testdata/rfc5118/*.dat",
	"../edge/sip/header/testdata/carrier/*.sip",
	"../edge/sip/header/testdata/capture/*/*.sip",
}

var sdpFiles = []string{"../edge/sip/sdp/testdata/*.sdp"}

// load reads every file of the patterns; each must match something, so that a
// corpus that moved is noticed.
func load(f *testing.F, patterns []string) map[string][]byte {
	f.Helper()
	found := map[string][]byte{}
	for _, pattern := range patterns {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			f.Fatalf("no seeds at %s: %v", pattern, err)
		}
		for _, name := range names {
			if found[name], err = os.ReadFile(name); err != nil {
				f.Fatal(err)
			}
		}
	}
	return found
}
