package document

import (
	"fmt"
	"iter"
	"slices"
)

// Reader pulls values out of one tree and remembers the faults met and the
// keys asked for. It belongs to one goroutine.
type Reader struct {
	ledger
	root  *Node
	name  string
	asked map[*Node]*asking
}

// asking is what was asked of one map.
type asking struct {
	names []string        // in the order they were first asked for
	known map[string]bool // the same, as a set
	all   bool            // Each: every key is wanted
}

// Read parses src and opens the result. name is what faults call the file.
func Read(name string, src []byte) *Reader {
	root, faults := Parse(name, src)
	r := Open(name, root)
	r.faults = faults
	return r
}

// Open reads a tree that is already parsed, such as the result of Overlay.
// A nil root reads as silence.
func Open(name string, root *Node) *Reader {
	return &Reader{name: name, root: root, asked: map[*Node]*asking{}}
}

// Root returns the document as a map; anything else is a fault.
func (r *Reader) Root() *MapReader {
	if r.root == nil {
		return &MapReader{reader: r}
	}
	return Value{reader: r, node: r.root, owner: r.root}.Map()
}

// Warnings returns what Warnf noted, sorted.
func (r *Reader) Warnings() []Fault { return Sort(slices.Clone(r.warnings)) }

// Faults returns everything wrong with the document, sorted: the faults of the
// file, of what was read, and every key that was never asked for. Call it when
// reading is done; a key asked for later was unknown at the time.
func (r *Reader) Faults() []Fault {
	l := ledger{faults: slices.Clone(r.faults)}
	r.unread(r.root, &l)
	return Sort(l.faults)
}

// Absent returns the paths of the keys that were asked for and not written,
// sorted: what the document could also say.
func (r *Reader) Absent() []string {
	var list []string
	for n, a := range r.asked {
		for _, name := range a.names {
			if n.At(name) == nil {
				list = append(list, join(n.path, name))
			}
		}
	}
	slices.Sort(list)
	return list
}

// unread reports the keys of every opened map that nobody asked for. A map
// that was never opened had its fault where it was refused.
func (r *Reader) unread(n *Node, l *ledger) {
	if n == nil {
		return
	}
	for _, item := range n.items {
		r.unread(item, l)
	}
	a := r.asked[n]
	if a == nil {
		return
	}
	for _, e := range n.entries {
		if a.all || a.known[e.key] {
			r.unread(e.value, l)
			continue
		}
		message := "unknown key"
		if near := nearest(e.key, a.names); near != "" {
			message += fmt.Sprintf("; did you mean %q?", near)
		}
		// The value's own file and path: an overlaid value keeps its own.
		l.fault(Fault{File: e.value.file, Line: e.line, Column: e.column, Key: e.value.path, Message: message})
	}
}

// MapReader reads one map of a document, or the absence of one.
type MapReader struct {
	reader *Reader
	node   *Node // nil when absent
	asking *asking
	// Where the map's own key stands: a key that is missing is missed there.
	line, column int
}

// Key returns the value under name. Asking makes the key a known one, whether
// or not it is there.
func (m *MapReader) Key(name string) Value {
	v := Value{reader: m.reader, owner: m.node, name: name, line: m.line, column: m.column}
	if m.node == nil {
		return v
	}
	m.note(name)
	for i := range m.node.entries {
		if e := &m.node.entries[i]; e.key == name {
			v.node, v.entry = e.value, e
			break
		}
	}
	return v
}

// Each yields every entry in file order and makes all of them known.
func (m *MapReader) Each() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if m.node == nil {
			return
		}
		m.asking.all = true
		for i := range m.node.entries {
			e := &m.node.entries[i]
			v := Value{reader: m.reader, owner: m.node, node: e.value, entry: e, name: e.key}
			if !yield(e.key, v) {
				return
			}
		}
	}
}

// Len returns the number of entries.
func (m *MapReader) Len() int {
	if m.node == nil {
		return 0
	}
	return len(m.node.entries)
}

func (m *MapReader) note(name string) {
	if m.asking.known[name] {
		return
	}
	m.asking.known[name] = true
	m.asking.names = append(m.asking.names, name)
}

// nearest returns the candidate that a slip of the finger turns into word: at
// most a third of its letters, and the first in order when two are as near.
func nearest(word string, candidates []string) string {
	if len(word) > 64 {
		return ""
	}
	best, distance := "", 0
	for _, c := range candidates {
		d := edits(word, c)
		if d <= max(len(c)/3, 1) && (best == "" || d < distance) {
			best, distance = c, d
		}
	}
	return best
}

// edits is the Levenshtein distance in bytes.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			swap := diagonal
			if a[i] != b[j] {
				swap++
			}
			diagonal = row[j+1]
			row[j+1] = min(swap, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
