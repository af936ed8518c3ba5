package main

import (
	"fmt"
	"io"
	"strconv"
)

// bar is a bound that a figure is measured by. One that is missed is said
// aloud and fails no run: the machine's own speed is part of every figure of
// time. What is lost fails runs. A figure below 0 is noise that was larger than
// what was measured, and meets nothing.
type bar struct {
	name        string
	value, most float64
	unit        string
}

func (b bar) met() bool { return 0 <= b.value && b.value <= b.most }

func (b bar) write(w io.Writer) {
	verdict := "met"
	if !b.met() {
		verdict = "MISSED"
	}
	unit := b.unit
	if unit != "" {
		unit = " " + unit
	}
	fmt.Fprintf(w, "bar: %s: %s%s, at most %s%s: %s\n", b.name,
		strconv.FormatFloat(b.value, 'f', digits(b.value), 64), unit, strconv.FormatFloat(b.most, 'f', -1, 64), unit, verdict)
}

// digits after the point that a figure of this size deserves.
func digits(v float64) int {
	switch {
	case v >= 100:
		return 0
	case v >= 10:
		return 1
	}
	return 2
}
