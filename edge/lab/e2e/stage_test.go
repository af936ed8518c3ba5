package e2e

import (
	"context"
	"net/netip"
	"testing"
	"time"
)

// open runs the product on a site. When the test ends the process must, with
// nothing to complain of.
func open(t *testing.T, site *Site) *Instance {
	t.Helper()
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	// The test's own context ends before its clean-up, which wants to see the process end by itself.
	product, err := Start(context.WithoutCancel(t.Context()), binary, site)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := product.Stop(15 * time.Second); err != nil {
			t.Error(err)
		}
		t.Logf("the process used %v of CPU", product.Used())
		if t.Failed() {
			t.Logf("it said:\n%s", product.Said())
		}
	})
	return product
}

// overhear puts an ear on the site's segment.
func overhear(t *testing.T, addr netip.Addr) *Wire {
	t.Helper()
	w, err := Listen(addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the wire:\n%s", w.Ladder())
		}
	})
	return w
}

// media is where a party wants its media.
func media(t *testing.T, w *Wire, sip netip.AddrPort, call string) netip.AddrPort {
	t.Helper()
	at, err := w.Media(sip, call)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// phone starts a phone, which is registered then, and ends it with the test.
func phone(t *testing.T, b Baresip) *Phone {
	t.Helper()
	p, err := b.Start(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("phone %s said:\n%s", p.Extension, p.Said())
		}
	})
	return p
}

// order types a command.
func order(t *testing.T, p *Phone, command, params string) string {
	t.Helper()
	said, err := p.Do(command, params)
	if err != nil {
		t.Fatal(err)
	}
	return said
}

// expect waits for an event of a phone's.
func expect(t *testing.T, p *Phone, kind string) PhoneEvent {
	t.Helper()
	e, err := p.Await(kind)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// recorded waits for so many records.
func recorded(t *testing.T, site *Site, n int) []Record {
	t.Helper()
	for until := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		records, err := ReadRecords(site.Records())
		if err == nil && len(records) >= n {
			return records
		}
		if time.Now().After(until) {
			t.Fatalf("%d records after %v, want %d (%v)", len(records), patience, n, err)
		}
	}
}
