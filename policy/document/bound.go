package document

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/token"
)

// MaxBytes is the size of the largest file that is read.
const MaxBytes = 4 << 20

// The further bounds of one file. The parser recurses once per level and once per
// entry of a block map, and copies what it has at each step, so both are bounded before
// it starts: at these limits it takes about a second and little stack.
const (
	maxTokens = 600_000
	maxDepth  = 32
	maxIndent = 128 // columns; bounds the nesting of block style

	// maxEntries bounds one block map or list.
	maxEntries = 20_000
)

// checkText reports what is wrong with a file's bytes, line by line.
func checkText(name string, src []byte) []Fault {
	if len(src) > MaxBytes {
		return []Fault{{File: name, Message: fmt.Sprintf("larger than %d bytes", MaxBytes)}}
	}
	var l ledger
	line := 0
	for text := range bytes.Lines(src) {
		line++
		say := func(column int, message string) {
			l.fault(Fault{File: name, Line: line, Column: column, Message: message})
		}
		if !utf8.Valid(text) {
			say(1, "not UTF-8")
			continue
		}
		indent := len(text) - len(bytes.TrimLeft(text, " \t"))
		switch tab := bytes.IndexByte(text[:indent], '\t'); {
		case tab >= 0:
			say(tab+1, "a tab in the indentation; use spaces")
		case indent > maxIndent && len(bytes.TrimSpace(text)) > 0:
			say(1, fmt.Sprintf("indented by more than %d columns", maxIndent))
		}
		body := bytes.TrimRight(text, "\r\n")
		if i := bytes.IndexFunc(body, isControl); i >= 0 {
			say(i+1, "a control character")
		}
	}
	return l.faults
}

func isControl(r rune) bool {
	return r != '\t' && (r < ' ' || 0x7f <= r && r < 0xa0 || r == '\u2028' || r == '\u2029' || r == '\ufeff')
}

// checkTokens reports what the dialect leaves out, and nesting or maps beyond
// the bounds.
func checkTokens(name string, tokens token.Tokens) []Fault {
	if len(tokens) > maxTokens {
		return []Fault{{File: name, Message: fmt.Sprintf("more than %d tokens", maxTokens)}}
	}
	var l ledger
	var (
		flow      int             // open brackets
		inline    = map[int]int{} // by line: dashes, each of which opens a level
		block     = blockSizes{}
		directive int // line of the last directive; what follows in it is its own
		begun     bool
	)
	for _, tk := range tokens {
		say := func(message string) {
			l.fault(Fault{File: name, Line: tk.Position.Line, Column: tk.Position.Column, Message: message})
		}
		switch tk.Type {
		case token.MappingStartType, token.SequenceStartType:
			if flow++; flow == maxDepth {
				say(tooDeep)
			}
		case token.MappingEndType, token.SequenceEndType:
			flow = max(flow-1, 0)
		case token.SequenceEntryType:
			if inline[tk.Position.Line]++; inline[tk.Position.Line] == maxDepth {
				say(tooDeep)
			}
			if block.add(tk.Position.Column) == maxEntries {
				say(tooMany)
			}
		case token.MappingValueType:
			if flow == 0 && tk.Prev != nil && block.add(tk.Prev.Position.Column) == maxEntries {
				say(tooMany)
			}
		case token.MappingKeyType:
			say("a key must be a single value on one line")
		case token.AnchorType, token.AliasType, token.MergeKeyType:
			say("anchors, aliases and merge keys are not used here; write the value out")
		case token.TagType:
			say("tags are not used here; quote the value if it is text")
		case token.DirectiveType:
			directive = tk.Position.Line
			say("directives are not used here")
		case token.DocumentHeaderType:
			if begun {
				say("a second document; one file is one document")
			}
		}
		switch tk.Type {
		case token.CommentType, token.DocumentHeaderType, token.DocumentEndType:
		default:
			begun = begun || tk.Position.Line != directive
		}
	}
	return l.faults
}

// blockSizes counts the entries of the open block maps and lists by their
// column; an entry further left closes those to its right.
type blockSizes struct {
	count map[int]int
	last  int
}

func (b *blockSizes) add(column int) int {
	if b.count == nil {
		b.count = map[int]int{}
	}
	if column < b.last {
		for c := range b.count {
			if c > column {
				delete(b.count, c)
			}
		}
	}
	b.last = column
	b.count[column]++
	return b.count[column]
}

const tooDeep = "nested too deeply"

const tooMany = "too many entries in one block map or list"

// trimMark takes away the byte order mark that some editors write first.
func trimMark(src []byte) string { return strings.TrimPrefix(string(src), "\ufeff") }
