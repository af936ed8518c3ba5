package e2e

import (
	"net/netip"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestPhones has two baresips register at the embedded core by MD5 and one call
// the other; both hear RTP.
func TestPhones(t *testing.T) {
	Need(t, "baresip")
	NeedTime(t, "the phones take some seconds to register and talk")
	t.Parallel()
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
	t.Parallel()
	site, listen, err := NewPhones(t.TempDir(), "MD5", "phones: require, over_plain: true")
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

// TestPhonesWithDTLS has the phones agree on their keys with us by DTLS, by OpenSSL's,
// as the only way there is: one of them offers, the other is offered. A phone
// that can do keys in SDP alone is refused.
func TestPhonesWithDTLS(t *testing.T) {
	Need(t, "baresip")
	NeedTime(t, "the phones take some seconds to register and talk")
	t.Parallel()
	site, listen, err := NewPhones(t.TempDir(), "MD5", "phones: require, dtls: true")
	if err != nil {
		t.Fatal(err)
	}
	records, product, said := ring(t, site, listen, "dtls_srtp")
	if len(records) != 1 || records[0].Answered == nil || records[0].B == nil {
		t.Fatalf("recorded %+v\nthe product said\n%s\nthe phones said\n%s", records, product, strings.Join(said, "\n"))
	}
	for _, l := range []*RecordLeg{&records[0].A, records[0].B} {
		if l.Received < 50 || l.Sent < 50 || l.Lost != 0 || l.SRTP == "" || l.Forged > 5 { // what came before the keys
			t.Errorf("recorded %+v\nthe product said\n%s\nthe phones said\n%s", l, product, strings.Join(said, "\n"))
		}
	}
	t.Logf("keyed with %s and %s", records[0].A.SRTP, records[0].B.SRTP)
	for _, s := range said {
		if !strings.Contains(s, "DTLS-SRTP complete") || strings.Contains(s, "a=crypto") {
			t.Errorf("a phone said\n%s", s)
		}
	}
	late := phone(t, Baresip{
		Folder: filepath.Join(site.Folder, "sdes"), Extension: "1001", Core: listen, Addr: Neighbour(listen.Addr(), 20), Encryption: "srtp-mand",
	})
	order(t, late, "dial", "sip:1002@t1.example")
	expect(t, late, "CALL_CLOSED")
	if s := late.Said(); !strings.Contains(s, "488") {
		t.Errorf("a phone without DTLS said\n%s", s)
	}
}

// ring has phone 1001 call 1002, and returns what was recorded and said.
func ring(t *testing.T, site *Site, listen netip.AddrPort, encryption string) (records []Record, product string, said []string) {
	t.Helper()
	process, wire := open(t, site), overhear(t, listen.Addr())
	var phones []*Phone
	for i, extension := range []string{"1001", "1002"} {
		phones = append(phones, phone(t, Baresip{
			Folder: filepath.Join(site.Folder, extension), Extension: extension, Core: listen, Addr: Neighbour(listen.Addr(), byte(10+i)), Voice: uint64(i), Encryption: encryption, Answers: true,
		}))
	}
	caller := phones[0]
	order(t, caller, "dial", "sip:1002@t1.example")
	for _, p := range phones {
		expect(t, p, "CALL_ESTABLISHED")
	}
	for _, p := range phones {
		at := media(t, wire, p.SIP, "")
		if err := wire.Packets(at, 80); err != nil {
			t.Fatal(err)
		}
		// Without a report of ours a phone has nothing to sum up at the end.
		if err := wire.Reported(at, 1); err != nil {
			t.Fatal(err)
		}
	}
	order(t, caller, "hangup", "")
	for _, p := range phones {
		if _, err := p.Await("CALL_CLOSED"); err != nil {
			t.Fatal(err)
		}
	}
	records = recorded(t, site, 1)
	for until := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		said = nil
		for _, p := range phones {
			said = append(said, p.Said())
		}
		// What rtcpsummary says of the call comes behind its end.
		if strings.Contains(strings.Join(said, ""), ";PR=") || time.Now().After(until) {
			break
		}
	}
	return records, process.Said(), said
}
