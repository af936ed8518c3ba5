package scenario

import (
	"fmt"
	"strings"
)

// Script is one file of testdata.
type Script struct {
	// Lossy says that the end is the same in any weather.
	Lossy bool
	// Drawn says that a wait in it is drawn at random: another draw moves
	// messages in time, and past each other.
	Drawn  bool
	blocks []scene
}

// scene is some commands and what was recorded of them.
type scene struct {
	// text is everything before the outcome, as it stands in the file.
	text     string
	commands []command
	recorded string
}

// command is one line: a name, words, and key=value options. Body are the
// lines below it that begin with white space, without it.
type command struct {
	line    int
	name    string
	words   []string
	options []option
	body    []string
}

type option struct{ key, value string }

const hyphens = "----"

// ReadScript parses a file. What cannot be read is the script's fault and told
// with its line.
func ReadScript(text string) (*Script, error) {
	s := &Script{}
	var block scene
	var before strings.Builder
	recording := false
	for i, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		if recording {
			if strings.TrimSpace(line) == "" {
				recording = false
				s.blocks = append(s.blocks, block)
				block = scene{}
				before.WriteString(line + "\n")
				continue
			}
			block.recorded += line + "\n"
			continue
		}
		before.WriteString(line + "\n")
		switch {
		case line == hyphens:
			block.text = before.String()
			before.Reset()
			recording = true
		case strings.TrimSpace(line) == "", strings.HasPrefix(line, "#"):
		case line == "lossy ok":
			s.Lossy = true
		case line == "waits are drawn":
			s.Drawn = true
		case line[0] == ' ' || line[0] == '\t':
			if len(block.commands) == 0 {
				return nil, fmt.Errorf("line %d: belongs to no command", i+1)
			}
			last := &block.commands[len(block.commands)-1]
			last.body = append(last.body, unmarked(strings.TrimPrefix(line, "  ")))
		default:
			c, err := readCommand(line)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", i+1, err)
			}
			c.line = i + 1
			block.commands = append(block.commands, c)
		}
	}
	if recording {
		s.blocks = append(s.blocks, block)
	} else if len(block.commands) > 0 {
		return nil, fmt.Errorf("line %d: no %s below", block.commands[0].line, hyphens)
	}
	if n := len(s.blocks); n == 0 || lastCommand(s.blocks[n-1]) != "end" {
		return nil, fmt.Errorf("does not close with the command end")
	}
	return s, nil
}

// unmarked gives a line of a body as it is meant: a full stop alone stands for
// an empty one.
func unmarked(line string) string {
	if line == "." {
		return ""
	}
	return line
}

func lastCommand(s scene) string {
	if len(s.commands) == 0 {
		return ""
	}
	return s.commands[len(s.commands)-1].name
}

// readCommand divides a line at white space outside quotes.
func readCommand(line string) (command, error) {
	words, err := split(line)
	if err != nil {
		return command{}, err
	}
	c := command{name: words[0]}
	for _, w := range words[1:] {
		key, value, ok := strings.Cut(w, "=")
		if ok && !strings.ContainsAny(key, `<>";: `) {
			c.options = append(c.options, option{key, value})
			continue
		}
		c.words = append(c.words, w)
	}
	return c, nil
}

// split parts words. A word that is quoted from its beginning, or from behind
// an equals sign, by ' keeps its blanks; " has no meaning, since SIP uses it.
func split(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	quoted, open := false, false
	for _, r := range line {
		switch {
		case r == '\'':
			quoted, open = !quoted, true
		case r == ' ' && !quoted:
			if open {
				words = append(words, word.String())
			}
			word.Reset()
			open = false
		default:
			word.WriteRune(r)
			open = true
		}
	}
	if quoted {
		return nil, fmt.Errorf("quote is not closed")
	}
	if open {
		words = append(words, word.String())
	}
	return words, nil
}

// option returns the last value of a key, or otherwise.
func (c command) option(key, otherwise string) string {
	for _, o := range c.options {
		if o.key == key {
			otherwise = o.value
		}
	}
	return otherwise
}

// has reports whether an option is there.
func (c command) has(key string) bool {
	for _, o := range c.options {
		if o.key == key {
			return true
		}
	}
	return false
}

// word returns the i-th word, or "".
func (c command) word(i int) string {
	if i >= len(c.words) {
		return ""
	}
	return c.words[i]
}
