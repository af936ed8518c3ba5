//go:build unix

package main

import (
	"bufio"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"sekisho/edge/config"
)

// running starts an instance of the sample on ports of the system's, and returns
// the file it reads, its log and how to end it.
func running(t *testing.T) (file string, log *bufio.Scanner, end func() int) {
	t.Helper()
	t.Setenv("PHONE_1001", "x")
	t.Setenv("PHONE_1002", "x")
	t.Chdir(t.TempDir()) // what it writes goes there
	file = "sekisho.yaml"
	text := string(config.Sample())
	for _, change := range [...][2]string{
		{"udp:127.0.0.1:5060", "udp:127.0.0.1:0"}, {"udp:127.0.0.1:5061", "udp:127.0.0.1:0"}, {"udp:127.0.0.1:5070", "udp:127.0.0.1:0"},
		{"udp:127.0.0.1:5080", "udp:127.0.0.1:0"}, {"ports: 20000-29999", "ports: 42000-42063"}, {"ports: 30000-31999", "ports: 42064-42127"},
		{`listen: "127.0.0.1:9100"`, `listen: ""`}, {"interval: 30s", "interval: 0s"},
	} {
		text = strings.Replace(text, change[0], change[1], 1)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	outRead, out := io.Pipe()
	logRead, logWrite := io.Pipe()
	status := make(chan int, 1)
	go func() {
		status <- runCommand([]string{file}, out, logWrite)
		out.Close()
		logWrite.Close()
	}()
	log = bufio.NewScanner(logRead)
	ready := bufio.NewScanner(outRead)
	if !ready.Scan() || !strings.HasPrefix(ready.Text(), "ready ") {
		t.Fatalf("the instance says %q", ready.Text())
	}
	return file, log, func() int {
		signalSelf(t, syscall.SIGTERM)
		return <-status
	}
}

func signalSelf(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(os.Getpid(), s); err != nil {
		t.Fatal(err)
	}
}

// logged waits for a line of the log that holds text.
func logged(t *testing.T, log *bufio.Scanner, text string) string {
	t.Helper()
	for log.Scan() {
		if strings.Contains(log.Text(), text) {
			return log.Text()
		}
	}
	t.Fatalf("the log ends without %q", text)
	return ""
}

func TestReloadAndDrainBySignal(t *testing.T) {
	file, log, end := running(t)
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	again := func(old, now string) {
		t.Helper()
		text := strings.Replace(string(src), old, now, 1)
		if text == string(src) {
			t.Fatalf("the file has no %q", old)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		signalSelf(t, syscall.SIGHUP)
	}
	again("channels: 5", "channels: many")
	logged(t, log, "tenants.t1.channels")
	logged(t, log, "1 faults")
	again("interdigit: 3s", "interdigit: 4s")
	if line := logged(t, log, "waits for the next start"); !strings.Contains(line, "section=timers") {
		t.Error(line)
	}
	logged(t, log, "msg=reloaded")
	signalSelf(t, syscall.SIGUSR1)
	logged(t, log, "no new calls are taken")
	go func() {
		for log.Scan() { // whatever else it says must not hold it up
		}
	}()
	if got := end(); got != 0 {
		t.Errorf("ended with %d", got)
	}
}
