package demo

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Style is how the text is marked.
type Style uint8

// The styles.
const (
	Plain  Style = iota
	Colour       // for a terminal (ECMA-48)
)

// width is the longest line, in characters.
const width = 110

// writer writes the text and keeps the first error.
type writer struct {
	out   io.Writer
	style Style
	err   error
}

func (w *writer) line(format string, args ...any) {
	if w.err == nil {
		_, w.err = fmt.Fprintf(w.out, format+"\n", args...)
	}
}

// The marks of ECMA-48 §8.3.117.
const (
	bold  = "1"
	faint = "2"
	red   = "31"
	green = "32"
)

func (w *writer) marked(mark, text string) string {
	if w.style == Plain {
		return text
	}
	return "\x1b[" + mark + "m" + text + "\x1b[0m"
}

func (w *writer) header(s *stage, f Fault, n int) {
	at := s.node.Sockets()
	w.line("%s", w.marked(bold, "Sekisho: calls between simulated carriers, on loopback, with real sockets and real sound"))
	w.line("")
	w.line("  docomo    %-22s ─┐                           ┌─ phone 1001  %v", s.sides[docomo].Addr(), s.sides[phone1001].Addr())
	w.line("  au        %-22s ─┼─── border ════ core ──────┤", s.sides[au].Addr())
	w.line("  softbank  %-22s ─┤                           └─ phone 1002  %v", s.sides[softbank].Addr(), s.sides[phone1002].Addr())
	w.line("  pstn      %-22s ─┘", s.sides[pstn].Addr())
	w.line("")
	w.line("  border %v, core %v, phones reach it at %v", at.Border[0], at.Seam[0], at.Phones[0])
	w.line("  Carriers and phones are simulated; border, core, policy and media are the product's own.")
	if n > 1 {
		w.line("  %d calls run side by side. The last hears an announcement of 15 s twice: half a minute in all.", n)
	}
	if f != NoFault {
		w.line("")
		w.line("  %s", w.marked(red, "Broken on purpose (-break "+f.String()+"): "+f.describe()+"."))
	}
}

// step writes one block.
func (w *writer) step(s *stage, p performance) {
	w.title(p.step.name, p.step.title, p.step.rules)
	for _, q := range p.step.decisions {
		w.decision(s, q)
	}
	for l := range strings.Lines(p.ladder) {
		w.line("%s", fit(strings.TrimSuffix(l, "\n"), width))
	}
	w.line("")
	w.checks(p.checks)
}

func (w *writer) title(name, title, rules string) {
	w.line("")
	head := "── " + name + " · " + title + " "
	tail := " " + rules + " ──"
	if rules == "" {
		tail = "──"
	}
	fill := max(0, width-utf8.RuneCountInString(head)-utf8.RuneCountInString(tail))
	w.line("%s", w.marked(bold, head+strings.Repeat("─", fill)+tail))
	w.line("")
}

func (w *writer) decision(s *stage, q question) {
	steps, outcome := q.answer(s.tables)
	w.line("  %s", w.marked(faint, fit("$ "+q.command(), width-2)))
	for _, st := range steps {
		value := st.Value
		if value == "" {
			value = "-"
		}
		w.line("%s", fit(fmt.Sprintf("    %-10s  %-11s  %-16s  %s", st.Rule, st.Looked, value, st.Result), width))
	}
	w.line("%s", fit("    → "+outcome, width))
	w.line("")
}

// checks writes what was looked at, facts below one another.
func (w *writer) checks(checks []Check) {
	const column = 38
	for _, c := range checks {
		mark := w.marked(green, "✓")
		if !c.OK {
			mark = w.marked(red, "✗")
		}
		pad := strings.Repeat(" ", max(0, column-utf8.RuneCountInString(c.Name)))
		w.line("  %s %s%s  %s", mark, c.Name, pad, fit(c.Fact, width-column-6))
	}
}

func (w *writer) rest(checks []Check) {
	w.title("afterwards", "What the product holds when all calls are over", "")
	w.checks(checks)
}

func (w *writer) summary(r Report) {
	w.line("")
	took := fmt.Sprintf("%.1f s", r.Took.Seconds())
	if len(r.Failed) == 0 {
		w.line("%s", w.marked(green, fmt.Sprintf("All %d checks passed in %s.", r.Checks, took)))
		w.line("sekisho demo -config prints the configuration of this demo; sekisho explain -config FILE answers what-ifs.")
		return
	}
	w.line("%s", w.marked(red, fmt.Sprintf("FAILED: %d of %d checks, in %s:", len(r.Failed), r.Checks, took)))
	for _, name := range r.Failed {
		w.line("  %s", name)
	}
}

// List writes the names of all steps, one a line, with their titles.
func List(out io.Writer) error {
	w := writer{out: out}
	for _, st := range steps() {
		w.line("%-12s %s", st.name, st.title)
	}
	return w.err
}

// fit cuts s to n characters and shows that it did.
func fit(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}
