package cdr

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"
)

// Holds is how an agent has held callers.
type Holds struct {
	Tenant, Extension string
	Count             int
	Total, Longest    time.Duration
}

// ReadHolds adds up the holds that have ended in a stream of activities, by tenant
// and extension. Other events are passed over; the error names the line that is
// none.
func ReadHolds(stream io.Reader) ([]Holds, error) {
	type agent struct{ tenant, extension string }
	all := map[agent]*Holds{}
	lines := bufio.NewScanner(stream)
	for n := 1; lines.Scan(); n++ {
		var a struct {
			Event     string `json:"event"`
			Tenant    string `json:"tenant"`
			Extension string `json:"extension"`
			TookMS    int64  `json:"took_ms"`
		}
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if a.Event != HoldEnd.String() {
			continue
		}
		h := all[agent{a.Tenant, a.Extension}]
		if h == nil {
			h = &Holds{Tenant: a.Tenant, Extension: a.Extension}
			all[agent{a.Tenant, a.Extension}] = h
		}
		took := time.Duration(a.TookMS) * time.Millisecond
		h.Count, h.Total, h.Longest = h.Count+1, h.Total+took, max(h.Longest, took)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	list := make([]Holds, 0, len(all))
	for _, h := range all {
		list = append(list, *h)
	}
	slices.SortFunc(list, func(a, b Holds) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Extension, b.Extension))
	})
	return list, nil
}
