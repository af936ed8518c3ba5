package cdr

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestActivityLine(t *testing.T) {
	at := time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC)
	for e := range events {
		a := Activity{At: at, Event: e, Call: "c\n1", Tenant: "t1", Extension: "2001", Centre: "3801", Took: 1500 * time.Millisecond}
		line, err := a.Append(nil)
		if err != nil || strings.Count(string(line), "\n") != 1 {
			t.Fatalf("%v, %q", err, line)
		}
		var got map[string]any
		if err := json.Unmarshal(line, &got); err != nil {
			t.Fatal(err)
		}
		if got["event"] != e.String() || got["stream"] != e.Stream() || got["at"] != "2026-07-01T09:00:00Z" || got["call"] != "c\n1" ||
			got["tenant"] != "t1" || got["extension"] != "2001" || got["centre"] != "3801" || got["took_ms"] != 1500.0 {
			t.Errorf("%s", line)
		}
	}
	line, _ := (&Activity{At: at, Event: Queued, Call: "c", Tenant: "t1", Centre: "3801"}).Append(nil)
	if want := `{"stream":"centre_history","event":"queued","at":"2026-07-01T09:00:00Z","call":"c","tenant":"t1","centre":"3801"}` + "\n"; string(line) != want {
		t.Errorf("%s", line)
	}
}

func TestReadHolds(t *testing.T) {
	var stream []byte
	for _, a := range []Activity{
		{Event: HoldStart, Tenant: "t1", Extension: "2002"}, {Event: HoldEnd, Tenant: "t1", Extension: "2002", Took: 2 * time.Second},
		{Event: Queued, Tenant: "t1", Centre: "3801"}, {Event: Connected, Tenant: "t1", Centre: "3801", Extension: "2001", Took: time.Hour},
		{Event: HoldEnd, Tenant: "t1", Extension: "2001", Took: time.Second}, {Event: HoldEnd, Tenant: "t1", Extension: "2002", Took: 3 * time.Second},
		{Event: HoldStart, Tenant: "t2", Extension: "2002"}, // it has not ended
		{Event: HoldEnd, Tenant: "t2", Extension: "2001", Took: time.Second},
	} {
		stream, _ = a.Append(stream)
	}
	got, err := ReadHolds(strings.NewReader(string(stream)))
	want := []Holds{
		{"t1", "2001", 1, time.Second, time.Second}, {"t1", "2002", 2, 5 * time.Second, 3 * time.Second}, {"t2", "2001", 1, time.Second, time.Second},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := ReadHolds(strings.NewReader("{}\nx\n")); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("error %v", err)
	}
}
