package scenario

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/ua"
)

// ask sends a request inside a call's dialog: ask WHO METHOD [type=TYPE/SUBTYPE]
// [header='X: y']…, the body as it stands.
func (p *play) ask(c command) (string, error) {
	k, err := p.who(c.word(0), func(k *call) bool { return k.answered && k.session != nil })
	if err != nil {
		return "", err
	}
	a := leg.Ask{Method: sip.RequestMethod(c.word(1)), Headers: c.headers(), Type: c.option("type", "")}
	if len(c.body) > 0 {
		a.Content = []byte(strings.Join(c.body, "\r\n") + "\r\n")
	}
	k.party.tell(k.id, a)
	return "", nil
}

// knows has a party answer requests inside its dialogs: knows PARTY INFO=200
// REFER=202.
func (p *play) knows(c command) (string, error) {
	r, err := p.party(c.word(0))
	if err != nil {
		return "", err
	}
	r.answers = make(map[sip.RequestMethod]int)
	r.terms.Methods = nil
	for _, o := range c.options {
		status, err := strconv.Atoi(o.value)
		if err != nil {
			return "", fmt.Errorf("%s: %w", o.key, err)
		}
		m := sip.RequestMethod(o.key)
		r.answers[m], r.terms.Methods = status, append(r.terms.Methods, m)
	}
	return "", nil
}

// asked answers as the party was told to.
func (c *call) asked(ev leg.Asked, out []ua.Action) []ua.Action {
	return append(out, ua.Command{Leg: c.id, Command: leg.Respond{ID: ev.ID, Status: c.party.answers[ev.Request.Method]}})
}

// watch has the ladder show headers from here on, wherever they stand, bodies
// that are no session description, and what is over the sizes that matter to
// UDP, or the m= lines with those that are closed: watch NAME… [body] [size]
// [lines].
func (p *play) watch(c command) (string, error) {
	p.watched = c.words
	return "", nil
}

// seen is what the ladder shows of the watched.
func (p *play) seen(data []byte) string {
	if len(p.watched) == 0 {
		return ""
	}
	head, content, _ := strings.Cut(string(data), "\r\n\r\n")
	var b strings.Builder
	for _, name := range p.watched {
		if name == "body" && content != "" && !strings.HasPrefix(content, "v=") {
			b.WriteString(" " + strconv.Quote(strings.TrimSpace(content)))
		}
		if name == "lines" {
			b.WriteString(lines(content))
		}
		if name == "size" {
			b.WriteString(bulk(len(data)))
		}
		for line := range strings.SplitSeq(head, "\r\n") {
			if n, value, ok := strings.Cut(line, ": "); ok && strings.EqualFold(n, name) {
				fmt.Fprintf(&b, " %s=%q", strings.ToLower(name), undrawn(name, value))
			}
		}
	}
	return b.String()
}

// undrawn is a value without what is drawn at random in it.
func undrawn(name, v string) string {
	v, _, _ = strings.Cut(v, ";tag=")
	switch name {
	case "Contact":
		if strings.HasPrefix(v, "<sip:") && strings.Contains(v, "@192.0.2.") {
			return opaque(v)
		}
	case "Sekisho-Call":
		if before, id, ok := strings.Cut(v, "id="); ok {
			_, rest, _ := strings.Cut(id, ";")
			return before + "id=…;" + rest
		}
	}
	return v
}

// bulk says of a length in bytes what RFC 3261 §18.1.1 and an Ethernet frame make
// of it.
func bulk(size int) string {
	switch {
	case size > 1500:
		return " over 1500 bytes"
	case size > 1300:
		return " over 1300 bytes"
	}
	return ""
}

// lines tells the m= lines of a session description in order.
func lines(content string) string {
	var words []string
	for line := range strings.Lines(content) {
		if m, ok := strings.CutPrefix(line, "m="); ok {
			word, rest, _ := strings.Cut(m, " ")
			if port, _, _ := strings.Cut(rest, " "); port == "0" {
				word += ":0"
			}
			words = append(words, word)
		}
	}
	if len(words) == 0 {
		return ""
	}
	return " [" + strings.Join(words, " ") + "]"
}
