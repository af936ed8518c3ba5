package provision

import (
	"bytes"
	"encoding/csv"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sekisho/edge/config"
)

var update = flag.Bool("update", false, "write what is reported into testdata")

// golden compares text with a file of testdata, line by line.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs:\n--- got\n%s--- want\n%s", name, got, want)
	}
}

// site reads a configuration of testdata, changed by pairs of old and new.
func site(t *testing.T, changes ...string) (*config.Config, error) {
	t.Helper()
	src, err := os.ReadFile("testdata/site.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(changes); i += 2 {
		if !bytes.Contains(src, []byte(changes[i])) {
			t.Fatalf("the site has no %q", changes[i])
		}
		src = bytes.Replace(src, []byte(changes[i]), []byte(changes[i+1]), 1)
	}
	return config.Parse("site.yaml", src)
}

func reported(tenants []Tenant) string {
	var s strings.Builder
	for _, t := range tenants {
		s.WriteString(t.String())
	}
	return s.String()
}

// SPEC R76: "per-tenant validator prints ok/warn/error for R6-R8, R50, R73
// checklist, 1000-series CC/group numbers in au tenants (warn: will show
// 99999999)".
func TestReport(t *testing.T) {
	c, err := site(t)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "report.txt", reported(Report(c)))
}

// The mask and the refusals are the profile's: where a trunk overrides them,
// nothing is reported.
func TestReportFollowsTheProfile(t *testing.T) {
	c, err := site(t,
		"media_prefixes: [127.0.0.1/32], limits: {calls: 9}}",
		"media_prefixes: [127.0.0.1/32], override: {egress.cli_map: [], ingress.deny: []}}")
	if err != nil {
		t.Fatal(err)
	}
	if text := reported(Report(c)); strings.Contains(text, "R27") || strings.Contains(text, "R51") {
		t.Errorf("reported what the trunk no longer does:\n%s", text)
	}
}

// R76: what a faulty file breaks is told by rule as well.
func TestReportOfFaults(t *testing.T) {
	_, err := site(t,
		"allow_au_emergency_like: true", "allow_au_emergency_like: false",
		"3999: {", "1500: {",
		"carrier: softbank, name: 港", "carrier: rakuten, name: 港",
		"outbound: [pstn]", "outbound: [nowhere]")
	var faults config.Faults
	if !errors.As(err, &faults) {
		t.Fatalf("read without faults: %v", err)
	}
	golden(t, "faults.txt", faults.Error()+"\n\n"+reported(Broken(faults)))
}

func TestContacts(t *testing.T) {
	c, err := site(t)
	if err != nil {
		t.Fatal(err)
	}
	var cards, table strings.Builder
	contacts := Contacts(&c.Tenants[0])
	if err := WriteVCard(&cards, "関; 商店", contacts); err != nil {
		t.Fatal(err)
	}
	if err := WriteCSV(&table, contacts); err != nil {
		t.Fatal(err)
	}
	golden(t, "contacts.vcf", cards.String())
	golden(t, "contacts.csv", table.String())
}

// RFC 2426 §2.6: a line is folded before its 76th octet and goes on after a
// space; unfolded it is what it was, with no character torn.
func TestVCardLinesAreFolded(t *testing.T) {
	name := strings.Repeat("関所", 13)
	var s strings.Builder
	if err := WriteVCard(&s, "", []Contact{{Name: name, Kind: "mobile", Extension: "2001"}}); err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(s.String(), "\r\n") {
		if len(line) > 75 {
			t.Errorf("a line of %d octets: %q", len(line), line)
		}
		if strings.ToValidUTF8(line, "") != line {
			t.Errorf("a torn character in %q", line)
		}
	}
	if !strings.Contains(strings.ReplaceAll(s.String(), "\r\n ", ""), "FN:"+name+"\r\n") {
		t.Errorf("the name does not come back together:\n%s", s.String())
	}
}

// A name is data for a spreadsheet, whatever it begins with.
func TestCSVHasNoFormulas(t *testing.T) {
	for _, name := range []string{`=HYPERLINK("http://x.example")`, "+1", "-1", "@SUM(1)", "a,b", `q"q`, "関"} {
		var s strings.Builder
		if err := WriteCSV(&s, []Contact{{Name: name, Kind: "mobile", Extension: "2001"}}); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(s.String())).ReadAll()
		if err != nil || len(rows) != 2 || len(rows[1]) != len(rows[0]) {
			t.Fatalf("%q reads as %q, %v", name, rows, err)
		}
		if got := rows[1][0]; strings.ContainsAny(got[:1], "=+-@") || strings.TrimPrefix(got, "'") != name {
			t.Errorf("%q is written %q", name, got)
		}
	}
}
