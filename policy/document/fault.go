package document

import (
	"cmp"
	"slices"
	"strconv"
)

// Fault is one thing wrong with a file. Line and Column count from 1 (bytes);
// Line is 0 when the fault concerns the file as a whole. Key is the dotted
// path of the key concerned, as in "trunks.docomo.to[1]", or empty.
type Fault struct {
	File         string
	Line, Column int
	Key, Message string
}

// Error returns "file:line: key: message"; a part that is unknown is left out.
func (f Fault) Error() string {
	s := f.File
	if f.Line > 0 {
		s += ":" + strconv.Itoa(f.Line)
	}
	s += ": "
	if f.Key != "" {
		s += f.Key + ": "
	}
	return s + f.Message
}

// Sort orders faults by file, line, column, key and message and drops exact
// repetitions, so that two runs over one file report the same list.
func Sort(faults []Fault) []Fault {
	slices.SortFunc(faults, func(a, b Fault) int {
		return cmp.Or(
			cmp.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Key, b.Key),
			cmp.Compare(a.Message, b.Message),
		)
	})
	return slices.Compact(faults)
}

// maxFaults bounds what one file can make us remember. A file with more faults
// than this is not the file that was meant.
const maxFaults = 500

// ledger collects the faults and warnings of one reading.
type ledger struct {
	faults, warnings []Fault
}

func (l *ledger) fault(f Fault) { l.faults = appendBounded(l.faults, f) }
func (l *ledger) warn(f Fault)  { l.warnings = appendBounded(l.warnings, f) }

func appendBounded(list []Fault, f Fault) []Fault {
	switch {
	case len(list) < maxFaults:
		return append(list, f)
	case len(list) == maxFaults:
		return append(list, Fault{File: f.File, Message: "more faults than are listed here"})
	}
	return list
}
