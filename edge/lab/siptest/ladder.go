package siptest

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"
)

// Party is one column of a ladder: a name and the SIP addresses it uses.
type Party struct {
	Name  string
	Addrs []netip.AddrPort
}

// ladderWidth is the longest line of a ladder, in characters.
const ladderWidth = 110

// elsewhere is the column of addresses that no party has.
const elsewhere = "elsewhere"

// Ladder draws messages, which Merge has put in order, between parties from
// left to right. Times are seconds since the first message. No line is wider
// than 110 characters as long as there are at most nine parties. Every line
// ends with a line feed.
func Ladder(parties []Party, messages []Message) string {
	if len(messages) == 0 {
		return ""
	}
	l := lay(parties, messages)
	var b strings.Builder
	b.WriteString(l.head())
	for _, m := range messages {
		lanes := l.arrow(l.column(m.From), l.column(m.To))
		line := fmt.Sprintf("%8.3f  %s %s", m.At.Sub(messages[0].At).Seconds(), lanes, Summarise(m.Data))
		b.WriteString(fit(strings.TrimRight(line, " "), ladderWidth))
		b.WriteByte('\n')
	}
	return b.String()
}

// plan is where the columns are.
type plan struct {
	names []string
	of    map[netip.AddrPort]int
	pitch int // characters from one column to the next
}

func lay(parties []Party, messages []Message) plan {
	p := plan{of: make(map[netip.AddrPort]int)}
	for i, party := range parties {
		p.names = append(p.names, party.Name)
		for _, a := range party.Addrs {
			p.of[a] = i
		}
	}
	known := func(m Message) bool {
		_, from := p.of[m.From]
		_, to := p.of[m.To]
		return from && to
	}
	if !slices.ContainsFunc(messages, func(m Message) bool { return !known(m) }) {
		return p.space()
	}
	p.names = append(p.names, elsewhere)
	return p.space()
}

// space makes the columns as wide as their names need and the width allows.
func (p plan) space() plan {
	const most = 48 // leaves room for what is said
	longest := 7
	for _, n := range p.names {
		longest = max(longest, utf8.RuneCountInString(n)+1)
	}
	p.pitch = max(4, min(longest, most/len(p.names)))
	return p
}

func (p plan) column(a netip.AddrPort) int {
	if i, ok := p.of[a]; ok {
		return i
	}
	return len(p.names) - 1
}

func (p plan) head() string {
	var b strings.Builder
	b.WriteString(strings.Repeat(" ", 10))
	for _, n := range p.names {
		n = fit(n, p.pitch-1)
		b.WriteString(n + strings.Repeat(" ", p.pitch-utf8.RuneCountInString(n)))
	}
	return strings.TrimRight(b.String(), " ") + "\n"
}

// arrow draws the lanes of one message.
func (p plan) arrow(from, to int) string {
	cells := make([]rune, len(p.names)*p.pitch)
	for i := range cells {
		cells[i] = ' '
		if i%p.pitch == 0 {
			cells[i] = '│'
		}
	}
	left, right := min(from, to)*p.pitch, max(from, to)*p.pitch
	for i := left + 1; i < right; i++ {
		cells[i] = '─'
	}
	switch {
	case from < to:
		cells[left], cells[right-1] = '├', '▶'
	case from > to:
		cells[left+1], cells[right] = '◀', '┤'
	default:
		cells[left+1] = '↺' // to itself
	}
	return string(cells)
}

// fit cuts s to n characters and shows that it did.
func fit(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}
