package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/lab/doors"
	"sekisho/edge/lab/e2e"
	"sekisho/edge/lab/load"
)

// Nothing of the product may help what it is compared with.
func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{Allow: []string{"github.com/emiago/sipgo", "github.com/emiago/sipgo/sip"}})
}

// TestCalls: it is a B2BUA. Each call is rung, answered and ended on both sides
// and leaves its record. It has no media plane, so none is expected.
func TestCalls(t *testing.T) {
	ours, theirs := e2e.Loopback(), e2e.Loopback()
	p := place{records: filepath.Join(t.TempDir(), "cdr.jsonl")}
	var carrier netip.AddrPort
	for at, addr := range map[*netip.AddrPort]netip.Addr{&p.west: ours, &p.east: ours, &p.core: theirs, &carrier: theirs} {
		free, err := e2e.FreeUDP(addr, p.west, p.east, p.core, carrier)
		if err != nil {
			t.Fatal(err)
		}
		*at = free
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- serve(ctx, p, func() { close(ready) }) }() // waited for below
	select {
	case <-ready:
	case err := <-ended:
		t.Fatal(err)
	}
	const calls = 5
	trial, err := load.Start(ctx, load.Config{
		Caller: carrier, Callee: p.core, Border: p.west, Calls: calls, Rate: 10, Ring: 100 * time.Millisecond, Talk: 300 * time.Millisecond,
		Callers: []string{"09000002001"}, Seed: 1,
	})
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	r := trial.Wait()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if r.Statuses[200] != calls || r.Unrung > 0 || r.Answered.Count != calls || len(r.Calls["talked"].Failed) > 0 {
		t.Errorf("%v answered, %d without ringing; %+v", r.Statuses, r.Unrung, r.Calls)
	}
	text, err := os.ReadFile(p.records)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) != calls {
		t.Fatalf("%d records of %d calls", len(lines), calls)
	}
	for _, line := range lines {
		var got record
		if err := json.Unmarshal([]byte(line), &got); err != nil || got.Fault != "" || got.Caller != "09000002001" || got.Answered == nil || got.B.CallID == "" {
			t.Errorf("%v: %s", err, line)
		}
	}
}

func TestDescribe(t *testing.T) {
	b := &b2bua{}
	got, err := b.describe([]byte("v=0\r\no=x 1 2 IN IP4 203.0.113.1\r\ns=-\r\nc=IN IP4 203.0.113.1\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0 101\r\na=ptime:20\r\n"),
		netip.MustParseAddr("192.0.2.1"))
	want := "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 10002 RTP/AVP 0 101\r\na=ptime:20\r\n"
	if err != nil || string(got) != want {
		t.Errorf("%v\n%s", err, got)
	}
	for _, wrong := range []string{"", "v=0\r\n", "m=audio 5\r\n"} {
		if got, err := b.describe([]byte(wrong), netip.MustParseAddr("192.0.2.1")); err == nil {
			t.Errorf("%q became %q", wrong, got)
		}
	}
}

func TestCallerOf(t *testing.T) {
	for _, c := range []struct{ headers, want string }{
		{"P-Asserted-Identity: <tel:+819000002001>\r\nP-Asserted-Identity: <sip:+819000002002@docomo.example>\r\n", "09000002001"},
		{"P-Asserted-Identity: <sip:+819000002002@docomo.example;user=phone>\r\n", "09000002002"},
		{"P-Asserted-Identity: <tel:+12025550123>\r\n", "+12025550123"},
		{"P-Asserted-Identity: <tel:+819000002001>\r\nPrivacy: id\r\n", "anonymous"},
		{"", "09000002003"},
	} {
		m, err := sip.ParseMessage([]byte("INVITE sip:81001@192.0.2.1 SIP/2.0\r\nFrom: <sip:+819000002003@docomo.example>;tag=1\r\n" + c.headers + "Content-Length: 0\r\n\r\n"))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := callerOf(m.(*sip.Request)); err != nil || got != c.want {
			t.Errorf("%q: %q, %v, want %q", c.headers, got, err, c.want)
		}
	}
}

// TestCollection: garbage is collected as rarely as in the product.
func TestCollection(t *testing.T) {
	source, err := os.ReadFile("../../edge/run.go")
	if err != nil {
		t.Fatal(err)
	}
	if want := "SetGCPercent(400)"; !strings.Contains(string(source), want) || collectedAt != 400 {
		t.Errorf("the product has no %s, or stock another %d", want, collectedAt)
	}
}

func TestUsage(t *testing.T) {
	for _, args := range []string{"", "-west 127.0.0.1:1 -east 127.0.0.1:2 -core 127.0.0.1:3", "-unknown", "more"} {
		var out, errs bytes.Buffer
		if status := run(strings.Fields(args), &out, &errs); status != 2 || out.Len() > 0 || errs.Len() == 0 {
			t.Errorf("%q: status %d, said %q", args, status, errs.String())
		}
	}
}
