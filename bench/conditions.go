package main

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
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
	sipp              string // empty where it takes no part
	descriptors       uint64 // that a process may open
}

func readConditions(ctx context.Context, binary string) (conditions, error) {
	c := conditions{at: time.Now().UTC()}
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return c, err
	}
	c.cpu = strings.TrimSpace(string(between(info, "model name\t:", "\n")))
	c.cores = bytes.Count(info, []byte("processor\t:")) // this process may be bound to some of them
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
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return c, fmt.Errorf("limit of descriptors: %w", err)
	}
	c.descriptors = limit.Max
	return c, nil
}

// sippVersion is what sipp says of itself. It ends with a failure when asked.
func sippVersion(ctx context.Context) (string, error) {
	said, _ := exec.CommandContext(ctx, "sipp", "-v").CombinedOutput()
	first, _, _ := bytes.Cut(bytes.TrimSpace(said), []byte("\n"))
	version := strings.TrimRight(string(first), ". \r")
	if version == "" {
		return "", errors.New("sipp is not installed")
	}
	return version, nil
}

// fields are the conditions by name.
func (c *conditions) fields() map[string]string {
	return map[string]string{
		"at": c.at.Format(time.RFC3339), "cpu": c.cpu, "cores": fmt.Sprint(c.cores), "kernel": c.kernel, "load": c.load,
		"go": c.goVersion, "gogc": fmt.Sprint(productGOGC), "commit": c.commit, "descriptors": fmt.Sprint(c.descriptors),
	}
}

func (c *conditions) write(w io.Writer) {
	fmt.Fprintf(w, "%s\n", c.at.Format("2006-01-02 15:04 MST"))
	fmt.Fprintf(w, "  %s, %d cores shared with the generators; load before: %s\n", c.cpu, c.cores, c.load)
	fmt.Fprintf(w, "  %s\n", strings.Join(slices.DeleteFunc([]string{"kernel " + c.kernel, c.goVersion, fmt.Sprintf("GOGC=%d", productGOGC), c.sipp},
		func(s string) bool { return s == "" }), ", "))
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
