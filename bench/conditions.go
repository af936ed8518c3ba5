package main

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// productGOGC is what `sekisho run` sets; a test compares.
const productGOGC = 400

// conditions are what a figure depends on beside the product.
type conditions struct {
	at                time.Time
	cpu, kernel, load string
	cores             int
	goVersion, commit string
	sipp              string
}

func readConditions(ctx context.Context, binary string) (conditions, error) {
	c := conditions{at: time.Now().UTC(), cores: runtime.NumCPU()}
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return c, err
	}
	c.cpu = strings.TrimSpace(string(between(info, "model name\t:", "\n")))
	for path, to := range map[string]*string{"/proc/sys/kernel/osrelease": &c.kernel, "/proc/loadavg": &c.load} {
		text, err := os.ReadFile(path)
		if err != nil {
			return c, err
		}
		*to = strings.TrimSpace(string(text))
	}
	built, err := buildinfo.ReadFile(binary)
	if err != nil {
		return c, fmt.Errorf("read what the binary was built from: %w", err)
	}
	c.goVersion, c.commit = built.GoVersion, commit(ctx)
	// sipp ends with a failure when asked for its version.
	said, _ := exec.CommandContext(ctx, "sipp", "-v").CombinedOutput()
	first, _, _ := bytes.Cut(bytes.TrimSpace(said), []byte("\n"))
	if c.sipp = strings.TrimRight(string(first), ". \r"); c.sipp == "" {
		return c, fmt.Errorf("sipp is not installed")
	}
	return c, nil
}

func (c *conditions) write(w io.Writer) {
	fmt.Fprintf(w, "%s\n", c.at.Format("2006-01-02 15:04 MST"))
	fmt.Fprintf(w, "  %s, %d cores shared with the generators; load before: %s\n", c.cpu, c.cores, c.load)
	fmt.Fprintf(w, "  kernel %s, %s, GOGC=%d; %s\n", c.kernel, c.goVersion, productGOGC, c.sipp)
	fmt.Fprintf(w, "  commit %s\n", c.commit)
}

// commit names the version of the folder that the binary was built in.
func commit(ctx context.Context) string {
	name, err := exec.CommandContext(ctx, "git", "rev-parse", "--short=12", "HEAD").Output()
	if err != nil {
		return "unknown"
	}
	changed, err := exec.CommandContext(ctx, "git", "status", "--porcelain", "--untracked-files=no", ":(top)*.go", ":(top,exclude)*_test.go").Output()
	if err != nil || len(changed) > 0 {
		return string(bytes.TrimSpace(name)) + ", with changes"
	}
	return string(bytes.TrimSpace(name))
}

// between returns what stands between before and after in m, or nothing.
func between(m []byte, before, after string) []byte {
	_, rest, ok := bytes.Cut(m, []byte(before))
	if !ok {
		return nil
	}
	found, _, _ := bytes.Cut(rest, []byte(after))
	return found
}
