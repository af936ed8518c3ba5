package e2e

import (
	"context"
	"path/filepath"
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
	site, listen, err := NewPhones(t.TempDir(), "MD5")
	if err != nil {
		t.Fatal(err)
	}
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	product, err := Start(context.WithoutCancel(t.Context()), binary, site)
	if err != nil {
		t.Fatal(err)
	}
	phones := []Baresip{
		{Folder: filepath.Join(site.Folder, "1002"), Extension: "1002", Core: listen, Seconds: 9},
		// Its first INVITE is sent before it is registered and goes unanswered;
		// the repetition comes from a phone that is.
		{Folder: filepath.Join(site.Folder, "1001"), Extension: "1001", Core: listen, Seconds: 6, Commands: []string{"d sip:1002@t1.example"}},
	}
	said := make([]string, len(phones))
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
	if err := product.Stop(15 * time.Second); err != nil {
		t.Error(err)
	}
	records, err := ReadRecords(site.Records())
	if err != nil {
		t.Fatal(err)
	}
	ok := len(records) == 1 && records[0].Answered != nil && records[0].Caller == "1001" && records[0].Called == "1002" &&
		records[0].B != nil && records[0].A.Received > 50 && records[0].B.Received > 50 && records[0].A.Lost == 0
	for _, s := range said {
		ok = ok && strings.Contains(s, "algorithm=MD5") && strings.Contains(s, "SIP/2.0 200 OK")
	}
	if !ok {
		t.Errorf("recorded %+v\nthe product said\n%s\nthe phones said\n%s", records, product.Said(), strings.Join(said, "\n"))
	}
}
