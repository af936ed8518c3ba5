package main

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// setup is the times from INVITE to 180 as the carrier saw them.
type setup struct {
	sorted []float64 // milliseconds
	rate   float64   // 180s a second, from the first to the last
}

// at returns the time within which that share of the calls rang.
func (s *setup) at(share float64) float64 {
	if len(s.sorted) == 0 {
		return 0
	}
	return s.sorted[min(len(s.sorted)-1, int(share*float64(len(s.sorted))))]
}

// add joins the times of a later burst. The rate is that of the bursts alone.
func (s *setup) add(more setup) {
	a, b := float64(len(s.sorted)), float64(len(more.sorted))
	if s.rate > 0 && more.rate > 0 {
		s.rate = (a + b) / (a/s.rate + b/more.rate)
	}
	s.sorted = append(s.sorted, more.sorted...)
	slices.Sort(s.sorted)
}

// readSetup reads sipp's file of response times, the one of the folder: a head
// line, then the clock and the response time, both in milliseconds
// and no finer than the turns of sipp's loop.
func readSetup(folder string) (setup, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*_rtt.csv"))
	if err == nil && len(paths) == 0 {
		return setup{}, nil // no call rang
	}
	if err != nil || len(paths) != 1 {
		return setup{}, fmt.Errorf("want one file of response times in %s, have %d", folder, len(paths))
	}
	f, err := os.Open(paths[0])
	if err != nil {
		return setup{}, err
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.FieldsPerRecord = ';', -1
	rows, err := r.ReadAll()
	if err != nil {
		return setup{}, fmt.Errorf("read response times: %w", err)
	}
	var s setup
	var clocks []float64
	for _, row := range rows[min(1, len(rows)):] {
		if len(row) < 2 {
			return setup{}, fmt.Errorf("response time in %q", row)
		}
		clock, err := strconv.ParseFloat(row[0], 64)
		if err != nil {
			return setup{}, fmt.Errorf("clock of a response: %w", err)
		}
		took, err := strconv.ParseFloat(row[1], 64)
		if err != nil {
			return setup{}, fmt.Errorf("response time: %w", err)
		}
		clocks, s.sorted = append(clocks, clock), append(s.sorted, took)
	}
	slices.Sort(s.sorted)
	if n := len(clocks); n > 1 {
		s.rate = float64(n-1) / (slices.Max(clocks) - slices.Min(clocks)) * 1000
	}
	return s, nil
}
