package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// event is one line of go test -json (go doc cmd/test2json).
type event struct {
	Action     string
	Package    string
	ImportPath string // of build events
	Test       string
	Output     string
}

// outcome is the most that is known of a test over several runs.
type outcome uint8

const (
	notRun outcome = iota
	skipped
	passed
	failed
)

func (o outcome) String() string {
	return [...]string{"did not run", "was skipped", "passed", "failed"}[o]
}

// testKey names a test or subtest: the import path, and "TestX/sub".
type testKey struct{ pkg, test string }

func eachEvent(r io.Reader, see func(event)) error {
	lines := bufio.NewReader(r)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if bad := json.Unmarshal(line, &e); bad != nil {
				return fmt.Errorf("line %d is no event of go test -json: %.100q", n, line)
			}
			see(e)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read events: %w", err)
		}
	}
}

// outcomes collects what became of each test. A failure in any run stays; else
// having passed once is enough, as when a later run had the tools.
func outcomes(r io.Reader) (map[testKey]outcome, error) {
	all := map[testKey]outcome{}
	err := eachEvent(r, func(e event) {
		if e.Test == "" {
			return
		}
		k := testKey{e.Package, e.Test}
		switch e.Action {
		case "pass":
			all[k] = max(all[k], passed)
		case "skip":
			all[k] = max(all[k], skipped)
		case "fail":
			all[k] = failed
		}
	})
	return all, err
}

// watch shows a run: each package's line, each skip and each failure with what
// it said. It fails when any test or build did, and when no test ran at all.
func watch(in io.Reader, keep, out io.Writer) error {
	said := map[testKey][]string{}
	ran, bad, skips := 0, 0, 0
	err := eachEvent(io.TeeReader(in, keep), func(e event) {
		k := testKey{e.Package, e.Test}
		switch e.Action {
		case "output":
			if e.Test == "" {
				if line := strings.TrimSpace(e.Output); line != "PASS" && line != "FAIL" && !strings.HasPrefix(line, "coverage:") {
					fmt.Fprint(out, e.Output)
				}
				return
			}
			said[k] = append(said[k], e.Output)
		case "build-output":
			fmt.Fprint(out, e.Output)
		case "build-fail":
			bad++
		case "pass":
			if e.Test != "" {
				ran++
			}
			delete(said, k)
		case "skip":
			if e.Test != "" {
				skips++
				fmt.Fprintf(out, "skipped %s.%s: %s\n", e.Package, e.Test, reason(said[k]))
			}
			delete(said, k)
		case "fail":
			bad++
			fmt.Fprint(out, strings.Join(said[k], ""))
			delete(said, k)
		}
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d tests passed, %d skipped, %d failures\n", ran, skips, bad)
	if bad > 0 {
		return fmt.Errorf("%d tests, packages or builds failed", bad)
	}
	if ran == 0 {
		return fmt.Errorf("no test ran")
	}
	return nil
}

// reason is what a skipped test said, without go test's own lines.
func reason(said []string) string {
	var why []string
	for _, s := range said {
		s = strings.TrimSpace(s)
		if s != "" && !strings.HasPrefix(s, "===") && !strings.HasPrefix(s, "---") {
			why = append(why, s)
		}
	}
	return strings.Join(why, " ")
}
