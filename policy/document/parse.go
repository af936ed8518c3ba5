package document

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Parse reads one YAML document. name is what faults call the file.
//
// The node is nil exactly when the file cannot be read as YAML of this dialect
// (see the package comment) or holds nothing; an empty file is a fault.
// Duplicate keys are all reported and the first of each is kept, so that
// reading can go on. It never panics, whatever src is.
func Parse(name string, src []byte) (*Node, []Fault) {
	text := trimMark(src)
	if faults := checkText(name, []byte(text)); len(faults) > 0 {
		return nil, Sort(faults)
	}
	file, faults := parseYAML(name, text)
	if len(faults) > 0 {
		return nil, Sort(faults)
	}
	b := builder{file: name}
	root := b.document(file)
	return root, Sort(b.faults)
}

// parseYAML runs the YAML module. The module is trusted to fail, not to fail
// politely: a panic inside it is the file's fault here, since no file may end
// the process.
func parseYAML(name, text string) (file *ast.File, faults []Fault) {
	defer func() {
		if recover() != nil {
			file, faults = nil, []Fault{{File: name, Message: "cannot be read as YAML"}}
		}
	}()
	tokens := lexer.Tokenize(text)
	if faults := checkTokens(name, tokens); len(faults) > 0 {
		return nil, faults
	}
	// Duplicates are let through here so that all of them can be reported.
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, []Fault{syntaxFault(name, err)}
	}
	return file, nil
}

// syntaxFault keeps the position and the first line of the module's error; the
// rest is an excerpt of the file, which may hold what should not be logged.
func syntaxFault(name string, err error) Fault {
	var at interface {
		GetMessage() string
		GetToken() *token.Token
	}
	if !errors.As(err, &at) {
		return Fault{File: name, Message: "not YAML"}
	}
	message, _, _ := strings.Cut(at.GetMessage(), "\n")
	f := Fault{File: name, Message: "not YAML: " + message}
	if tk := at.GetToken(); tk != nil && tk.Position != nil {
		f.Line, f.Column = tk.Position.Line, tk.Position.Column
	}
	return f
}

// builder copies the module's tree into nodes.
type builder struct {
	ledger
	file string
}

func (b *builder) document(file *ast.File) *Node {
	var bodies []ast.Node
	for _, d := range file.Docs {
		if d.Body != nil {
			bodies = append(bodies, d.Body)
		}
	}
	switch len(bodies) {
	case 0:
		b.fault(Fault{File: b.file, Message: "the file is empty"})
		return nil
	case 1:
		return b.node(bodies[0], "", 0)
	}
	b.fault(Fault{File: b.file, Message: "more than one document"})
	return nil
}

func (b *builder) node(n ast.Node, path string, depth int) *Node {
	out := b.place(n, path)
	if depth > maxDepth {
		b.fault(Fault{File: b.file, Line: out.line, Column: out.column, Key: path, Message: tooDeep})
		return out
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		out.kind = Map
		out.entries = b.entries(n.Values, path, depth)
	case *ast.MappingValueNode:
		out.kind = Map
		out.entries = b.entries([]*ast.MappingValueNode{n}, path, depth)
	case *ast.SequenceNode:
		out.kind = List
		for i, v := range n.Values {
			out.items = append(out.items, b.node(v, path+"["+strconv.Itoa(i)+"]", depth+1))
		}
	case *ast.NullNode, nil:
		out.kind = Empty
	case *ast.LiteralNode:
		out.kind, out.quoted = Scalar, true
		if n.Value != nil {
			out.text = n.Value.Value
		}
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		tk := n.GetToken()
		out.kind, out.text = Scalar, tk.Value
		out.quoted = isQuoted(tk)
		if !out.quoted && (strings.Contains(out.text, ": ") || strings.HasSuffix(out.text, ":")) {
			b.fault(Fault{File: b.file, Line: out.line, Column: out.column, Key: path,
				Message: "a colon inside plain text: a comma is missing, or the text wants quotes"})
		}
	default:
		b.fault(Fault{File: b.file, Line: out.line, Column: out.column, Key: path,
			Message: fmt.Sprintf("%s is not used here", strings.ToLower(n.Type().YAMLName()))})
	}
	if hasControl(out.text) {
		b.fault(Fault{File: b.file, Line: out.line, Column: out.column, Key: path,
			Message: "a control character or a second line in the text"})
		out.text = ""
	}
	return out
}

func (b *builder) entries(values []*ast.MappingValueNode, path string, depth int) []entry {
	list := make([]entry, 0, len(values))
	first := make(map[string]int, len(values))
	for _, v := range values {
		at := b.place(v.Key, path)
		if !isScalarKey(v.Key) {
			b.fault(Fault{File: b.file, Line: at.line, Column: at.column, Key: path,
				Message: "a key must be a single value"})
			continue
		}
		tk := v.Key.GetToken()
		key := tk.Value
		if hasControl(key) {
			b.fault(Fault{File: b.file, Line: at.line, Column: at.column, Key: path,
				Message: "a key with a control character in it"})
			continue
		}
		child := join(path, key)
		if !isQuoted(tk) && leadingZero(key) {
			b.fault(Fault{File: b.file, Line: at.line, Column: at.column, Key: child,
				Message: fmt.Sprintf(`put the key in quotes: "%s"; a bare number loses its leading zeros`, excerpt(key))})
		}
		if line, ok := first[key]; ok {
			b.fault(Fault{File: b.file, Line: at.line, Column: at.column, Key: child,
				Message: fmt.Sprintf("written twice; first in line %d", line)})
			continue
		}
		first[key] = at.line
		value := b.node(v.Value, child, depth+1)
		if value.line == 0 {
			value.line, value.column = at.line, at.column
		}
		list = append(list, entry{key: key, line: at.line, column: at.column, value: value})
	}
	return list
}

// place returns a node with its position only.
func (b *builder) place(n ast.Node, path string) *Node {
	out := &Node{file: b.file, path: path}
	tk := firstToken(n)
	if tk != nil && tk.Position != nil {
		out.line, out.column = tk.Position.Line, tk.Position.Column
	}
	return out
}

// firstToken finds where a node starts: the module's own token of a block map
// is the colon behind its first key.
func firstToken(n ast.Node) *token.Token {
	switch n := n.(type) {
	case nil:
		return nil
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return firstToken(n.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return firstToken(n.Key)
	}
	return n.GetToken()
}

func isScalarKey(k ast.MapKeyNode) bool {
	switch k.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return true
	}
	return false
}

func isQuoted(tk *token.Token) bool {
	return tk.Type == token.DoubleQuoteType || tk.Type == token.SingleQuoteType
}

// hasControl looks at resolved text: escapes in quotes can spell what the
// file's own bytes may not hold, and such text could end up in a header line.
func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r == '\t' || isControl(r) })
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
