package e2e

import (
	"path/filepath"
	"sync"
	"testing"
	"time"
)

const (
	calls    = 2000
	rate     = 200 // calls a second
	recovery = 40 * time.Second
)

// TestCalls places 2,000 calls at 200 a second from a carrier's trunk through
// the binary to an external core. None may fail, every 180 must come through
// before its 200, each call leaves one record, and what the process holds is
// 40 s after the last call what it held before the first.
func TestCalls(t *testing.T) {
	Need(t, "sipp")
	NeedTime(t, "2,000 calls and the quarantine of their ports take a minute")
	site, err := NewSite(t.TempDir(), 50)
	if err != nil {
		t.Fatal(err)
	}
	product := open(t, site)
	debug(t, product) // what the first look costs stays
	before := debug(t, product)
	wire := capture(t, site)

	carrier, core := placeCalls(t, site)
	ended := time.Now()

	for name, o := range map[string]Outcome{"carrier": carrier, "core": core} {
		if o.Created != calls || o.Succeeded != calls || o.Failed != 0 || o.Unexpected != 0 {
			t.Errorf("%s: %+v", name, o)
		}
	}
	if got := carrier.Received["180"]; got != calls {
		t.Errorf("%d of %d calls were told of ringing", got, calls)
	}
	t.Logf("retransmissions: %d by the carrier, %d by the core", carrier.Retransmitted, core.Retransmitted)
	judgeWire(t, wire)
	judgeRecords(t, site)
	judgeRecovery(t, product, before, HeapSlack(calls), ended)
}

func placeCalls(t *testing.T, site *Site) (carrier, core Outcome) {
	t.Helper()
	uas := SIPp{Scenario: "core", Folder: filepath.Join(site.Folder, "as-core"), Local: site.Core, Calls: calls, Patience: time.Minute}
	uac := SIPp{
		Scenario: "carrier", Folder: filepath.Join(site.Folder, "as-carrier"), Local: site.Carrier, Remote: site.West,
		Calls: calls, Rate: rate, Callers: site.Callers(), Patience: time.Minute,
	}
	var wait sync.WaitGroup
	wait.Go(func() {
		var err error
		if core, err = uas.Run(t.Context()); err != nil {
			t.Error(err)
		}
	})
	if err := AwaitBound(site.Core, 5*time.Second); err != nil {
		t.Error(err)
	}
	var err error
	if carrier, err = uac.Run(t.Context()); err != nil {
		t.Error(err)
	}
	wait.Wait()
	return carrier, core
}

// capture is nil where the machine does not allow it and nothing is Required.
func capture(t *testing.T, site *Site) *Capture {
	t.Helper()
	c, err := StartCapture(t.Context(), filepath.Join(site.Folder, "wire.pcapng"), site.West, site.East)
	if err != nil {
		if Required() {
			t.Fatal(err)
		}
		t.Logf("the wire is not looked at: %v", err)
		return nil
	}
	return c
}

func judgeWire(t *testing.T, c *Capture) {
	t.Helper()
	if c == nil {
		return
	}
	messages, malformed, err := c.Stop(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// INVITE, 100, 180, 200, ACK, BYE, 200 on each of two legs.
	if messages < 2*6*calls {
		t.Errorf("tshark saw %d SIP messages, want at least %d", messages, 2*6*calls)
	}
	if len(malformed) > 0 {
		t.Errorf("tshark calls %d messages malformed, the first: %s", len(malformed), malformed[0])
	}
}

func judgeRecords(t *testing.T, site *Site) {
	t.Helper()
	records, err := ReadRecords(site.Records())
	if err != nil {
		t.Fatal(err)
	}
	if len(records) != calls {
		t.Errorf("%d records of %d calls", len(records), calls)
	}
	ids, callIDs := map[string]bool{}, map[string]bool{}
	for _, r := range records {
		ids[r.ID], callIDs[r.A.CallID] = true, true
		if r.Answered == nil || r.A.Trunk != "docomo" || r.TalkMS < 500 || r.TalkMS > 10_000 {
			t.Errorf("not the record of a call that was placed: %+v", r)
			break
		}
	}
	if len(ids) != len(records) || len(callIDs) != len(records) {
		t.Errorf("%d records speak of %d calls with %d Call-IDs", len(records), len(ids), len(callIDs))
	}
}

func judgeRecovery(t *testing.T, product *Instance, before Debug, heap uint64, ended time.Time) {
	t.Helper()
	d, err := product.AtRest(before, heap, recovery-time.Since(ended))
	if err != nil {
		t.Error(err)
		return
	}
	t.Logf("back at the start %v after the last call: %+v", time.Since(ended).Round(time.Second), d)
}

func debug(t *testing.T, product *Instance) Debug {
	t.Helper()
	d, err := product.Debug()
	if err != nil {
		t.Fatalf("%v\n%s", err, product.Said())
	}
	return d
}
