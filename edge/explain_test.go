package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sekisho/edge/config"
)

// A call's peers are told in the order in which they are tried.
func TestExplainTellsThePeers(t *testing.T) {
	t.Setenv("PHONE_1001", "x")
	t.Setenv("PHONE_1002", "x")
	text := strings.Replace(string(config.Sample()), `to: ["udp:127.0.0.1:6004"]`, `to: ["udp:127.0.0.1:6014", "udp:127.0.0.1:6004"]`, 1)
	file := filepath.Join(t.TempDir(), "two.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, fault strings.Builder
	if status := explainCommand([]string{"-config", file, "-trunk", "core", "-from", "2001", "-to", "0300009001"}, &out, &fault); status != 0 {
		t.Fatal(status, fault.String())
	}
	want := "  peer 1: udp:127.0.0.1:6014\n  peer 2: udp:127.0.0.1:6004\n  next after [500 502 503 504], or no answer in 1.7s; none begins after 10s\n"
	if !strings.HasSuffix(out.String(), want) {
		t.Errorf("explained\n%s\nwant at the end\n%s", out.String(), want)
	}
}
