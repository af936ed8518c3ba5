package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// talk runs carrier.xml against core.xml with nothing between.
func talk(t *testing.T, core string) (carrier, answered Outcome) {
	t.Helper()
	Need(t, "sipp")
	const calls = 20
	site, err := NewSite(t.TempDir(), 4)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(site.Folder, "as-core")
	uas := SIPp{Scenario: core, Folder: path, Local: site.Core, Calls: calls, Patience: 20 * time.Second}
	uac := SIPp{
		Scenario: "carrier", Folder: filepath.Join(site.Folder, "as-carrier"), Local: site.Carrier, Remote: site.Core,
		Calls: calls, Rate: 100, Callers: site.Callers(), Patience: 20 * time.Second,
	}
	var wait sync.WaitGroup
	wait.Go(func() {
		var err error
		if answered, err = uas.Run(t.Context()); err != nil {
			t.Error(err)
		}
	})
	if err := AwaitBound(site.Core, 5*time.Second); err != nil {
		t.Error(err)
	}
	if carrier, err = uac.Run(t.Context()); err != nil {
		t.Error(err)
	}
	wait.Wait()
	return carrier, answered
}

// TestScenariosAgree proves the two scenarios against each other, so that a
// failure with the product between them is the product's.
func TestScenariosAgree(t *testing.T) {
	NeedTime(t, "seconds of real time")
	t.Parallel()
	carrier, core := talk(t, "core")
	for name, o := range map[string]Outcome{"carrier": carrier, "core": core} {
		if o.Created != 20 || o.Succeeded != 20 || o.Failed != 0 || o.Unexpected != 0 {
			t.Errorf("%s: %+v", name, o)
		}
	}
	if carrier.Received["180"] != 20 || carrier.Received["200"] != 40 || core.Received["BYE"] != 20 {
		t.Errorf("counted %v and %v", carrier.Received, core.Received)
	}
}

// TestMissingRingingFails proves that a 180 which does not come is seen: it is
// what the calls through the product are judged by.
func TestMissingRingingFails(t *testing.T) {
	t.Parallel()
	carrier, _ := talk(t, "core-without-180")
	if carrier.Failed != 20 || carrier.Unexpected == 0 || carrier.Received["180"] != 0 {
		t.Errorf("calls without 180 were taken for good: %+v", carrier)
	}
	if carrier.Errors == "" {
		t.Error("the tool's errors were not kept")
	}
}

func TestOutcomeNeedsItsFiles(t *testing.T) {
	folder := t.TempDir()
	if _, err := readOutcome(folder, "carrier"); err == nil {
		t.Error("an outcome was read from nothing")
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("carrier_7_.csv", "TotalCallCreated;SuccessfulCall(C)\n1;1\n")
	write("carrier_7_counts.csv", "0_INVITE_Sent\n1\n")
	if _, err := readOutcome(folder, "carrier"); err == nil || !strings.Contains(err.Error(), "no count") {
		t.Errorf("a statistic without its failures was accepted: %v", err)
	}
}
