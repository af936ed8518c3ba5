package document

import (
	"strconv"
	"strings"
)

// Kind is the shape of a node.
type Kind uint8

// The kinds of node.
const (
	Empty  Kind = iota // a key without a value, ~ or null
	Scalar             // text, quoted or plain
	List
	Map
)

// String names the kind as a fault does.
func (k Kind) String() string {
	switch k {
	case Empty:
		return "nothing"
	case Scalar:
		return "a single value"
	case List:
		return "a list"
	case Map:
		return "a map"
	}
	return "kind " + strconv.Itoa(int(k))
}

// Node is one value of a file. It is immutable and may be shared.
type Node struct {
	kind    Kind
	quoted  bool // a scalar in quotes or a block scalar: text by declaration
	text    string
	file    string
	path    string
	line    int
	column  int
	entries []entry // of a map, in file order
	items   []*Node // of a list
}

type entry struct {
	key          string
	line, column int
	value        *Node
}

// Kind returns the node's shape.
func (n *Node) Kind() Kind { return n.kind }

// Text returns a scalar's text as written, quotes and escapes resolved; it is
// empty for other kinds.
func (n *Node) Text() string { return n.text }

// Path returns the dotted key path from the root: "tenants.t1.park.first",
// "trunks.docomo.to[1]". The root's is empty.
func (n *Node) Path() string { return n.path }

// Position returns the file, line and column (from 1) where the value starts.
func (n *Node) Position() (file string, line, column int) { return n.file, n.line, n.column }

// At returns the node at a dotted path below n, or nil. A key that itself
// contains dots is found when its whole text matches.
func (n *Node) At(path string) *Node {
	if n == nil || path == "" {
		return n
	}
	for _, e := range n.entries {
		if e.key == path {
			return e.value
		}
		if rest, ok := strings.CutPrefix(path, e.key+"."); ok {
			if found := e.value.At(rest); found != nil {
				return found
			}
		}
	}
	return nil
}

// Overlay returns a copy of base in which the map value at the dotted path is
// replaced by value, or added; maps on the way that are missing are made. The
// nodes of each keep their own file and line. base itself is unchanged. It
// reports false when the path is empty, has an empty segment, is deeper than a
// file may be, or crosses a value that is not a map.
func Overlay(base *Node, path string, value *Node) (*Node, bool) {
	segments := strings.Split(path, ".")
	if value == nil || len(segments) > maxDepth {
		return base, false
	}
	for _, s := range segments {
		if s == "" {
			return base, false
		}
	}
	return overlay(base, segments, value)
}

func overlay(base *Node, segments []string, value *Node) (*Node, bool) {
	if len(segments) == 0 {
		return value, true
	}
	made := Node{kind: Map, file: value.file, line: value.line, column: value.column, path: value.path}
	if base != nil && base.kind != Empty {
		made = *base
	}
	if made.kind != Map {
		return base, false
	}
	made.entries = append([]entry(nil), made.entries...)
	for i, e := range made.entries {
		if e.key != segments[0] {
			continue
		}
		child, ok := overlay(e.value, segments[1:], value)
		if !ok {
			return base, false
		}
		made.entries[i].value = child
		if len(segments) == 1 {
			made.entries[i].line, made.entries[i].column = value.line, value.column
		}
		return &made, true
	}
	child, ok := overlay(nil, segments[1:], value)
	if !ok {
		return base, false
	}
	made.entries = append(made.entries, entry{key: segments[0], line: value.line, column: value.column, value: child})
	return &made, true
}
