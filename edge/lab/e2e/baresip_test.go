package e2e

import (
	"context"
	"net/netip"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestPhones has two baresips register at the embedded core by MD5 and one call
// the other; both hear RTP.
func TestPhones(t *testing.T) {
	Need(t, "baresip")
	NeedTime(t, "the phones take some seconds to register and talk")
	site, listen, err := NewPhones(t.TempDir(), "MD5", "")
	if err != nil {
		t.Fatal(err)
	}
	records, product, said := ring(t, site, listen, "")
	ok := len(records) == 1 && records[0].Answered != nil && records[0].Caller == "1001" && records[0].Called == "1002" &&
		records[0].B != nil && records[0].A.Received > 50 && records[0].B.Received > 50 && records[0].A.Lost == 0
	for _, s := range said {
		ok = ok && strings.Contains(s, "algorithm=MD5") && strings.Contains(s, "SIP/2.0 200 OK")
	}
	if !ok {
		t.Errorf("recorded %+v\nthe product said\n%s\nthe phones said\n%s", records, product, strings.Join(said, "\n"))
	}
}

// TestPhonesWithSRTP is the same where media has to be SRTP: another
// implementation of it opens all that we send, and we what it sends. No key is
// said, logged or recorded.
func TestPhonesWithSRTP(t *testing.T) {
	Need(t, "baresip")
	NeedTime(t, "the phones take some seconds to register and talk")
	site, listen, err := NewPhones(t.TempDir(), "MD5", "require")
	if err != nil {
		t.Fatal(err)
	}
	records, product, said := ring(t, site, listen, "srtp-mand")
	if len(records) != 1 || records[0].Answered == nil || records[0].B == nil {
		t.Fatalf("recorded %+v\nthe product said\n%s\nthe phones said\n%s", records, product, strings.Join(said, "\n"))
	}
	ok := true
	for _, l := range []*RecordLeg{&records[0].A, records[0].B} {
		ok = ok && l.Received > 50 && l.Sent > 50 && l.Lost == 0 && l.SRTP != "" && l.Forged <= 1 // the BYE of its RTCP is plain
	}
	if !ok {
		t.Errorf("recorded %+v\nthe product said\n%s\nthe phones said\n%s", records, product, strings.Join(said, "\n"))
	}
	t.Logf("keyed with %s and %s", records[0].A.SRTP, records[0].B.SRTP)
	if strings.Contains(product, "inline:") || strings.Contains(product, "crypto") {
		t.Errorf("keys are logged: %s", product)
	}
	// baresip's own account of the call, by whoever tells it: packets received
	// that its SRTP has let through, and lost.
	heard := regexp.MustCompile(`PR=(\d+);PS=\d+;PL=(\d+),`).FindStringSubmatch(strings.Join(said, "\n"))
	if len(heard) != 3 || heard[2] != "0" {
		t.Fatalf("a phone has heard %q", heard)
	}
	if received, err := strconv.Atoi(heard[1]); err != nil || received <= 50 {
		t.Errorf("a phone has heard %q, want more than 50 packets", heard)
	}
}

// ring has phone 1001 call 1002, and returns what was recorded and said.
func ring(t *testing.T, site *Site, listen netip.AddrPort, encryption string) (records []Record, product string, said []string) {
	t.Helper()
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	process, err := Start(context.WithoutCancel(t.Context()), binary, site)
	if err != nil {
		t.Fatal(err)
	}
	phones := []Baresip{
		{Folder: filepath.Join(site.Folder, "1002"), Extension: "1002", Core: listen, Seconds: 15, Encryption: encryption},
		// Its first INVITE is sent before it is registered and goes unanswered;
		// a repetition, 0.5, 1.5, 3.5 or 7.5 s later, comes from a phone that is.
		{Folder: filepath.Join(site.Folder, "1001"), Extension: "1001", Core: listen, Seconds: 11, Encryption: encryption, Commands: []string{"d sip:1002@t1.example"}},
	}
	said = make([]string, len(phones))
	var wait sync.WaitGroup
	for i, p := range phones {
		wait.Go(func() {
			var err error
			if said[i], err = p.Run(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if err := process.Stop(15 * time.Second); err != nil {
		t.Error(err)
	}
	records, err = ReadRecords(site.Records())
	if err != nil {
		t.Fatal(err)
	}
	return records, process.Said(), said
}
