package scenario

import (
	"fmt"
	"strings"
	"time"

	"sekisho/edge/cdr"
	"sekisho/edge/sip/ua"
)

// cdr tells the records that were written since it was last asked.
func (p *play) cdr(command) (string, error) {
	var b strings.Builder
	for _, r := range p.world.records[p.recorded:] {
		b.WriteString(record(r) + fmt.Sprintf(" setup=%dms talk=%dms\n", r.SetupMS, r.TalkMS))
	}
	p.recorded = len(p.world.records)
	return b.String(), nil
}

// media tells the quality of each leg of the records written since it was last
// asked: what came from its party, and what that party says of what it heard.
func (p *play) media(command) (string, error) {
	var b strings.Builder
	for _, r := range p.world.records[p.measured:] {
		for _, l := range [...]*cdr.Leg{&r.A, r.B} {
			if l == nil || l.Quality == nil {
				continue
			}
			i, o := &l.Quality.In, l.Quality.Out
			fmt.Fprintf(&b, "expect quality %s %s in %s lost=%d late=%d dscp=%d", r.Application, l.Trunk, sound(i.Fault), i.Lost, i.Late, i.DSCP)
			if i.LQ != nil {
				fmt.Fprintf(&b, " mos=%.2f/%.2f", i.LQ.Least, i.LQ.Average)
			}
			if i.CQ != nil {
				fmt.Fprintf(&b, " class=%s", i.Class)
			}
			if o != nil {
				fmt.Fprintf(&b, " out(%s) %s lost=%d", o.Source, sound(o.Fault), o.Lost)
			}
			b.WriteString("\n")
		}
	}
	p.measured = len(p.world.records)
	return b.String(), nil
}

func sound(f cdr.Fault) string {
	if f == cdr.Undamaged {
		return "sound"
	}
	return string(f)
}

// record is a record without its times and random names.
func record(r *cdr.Record) string {
	var b strings.Builder
	add := func(key, value string) {
		if value != "" {
			b.WriteString(" " + key + value)
		}
	}
	b.WriteString("record " + r.Application)
	add("", r.Tenant)
	add("", r.Kind)
	add("caller=", r.Caller)
	add("called=", r.Called)
	add("shown=", r.Shown)
	add("refused=", r.Refused)
	if r.Unbilled {
		add("", "unbilled")
	}
	if r.Answered == nil {
		add("", "unanswered")
	}
	add("a=", side(&r.A))
	if r.B != nil {
		add("b=", side(r.B))
	}
	for i := range r.Attempts {
		a := &r.Attempts[i]
		at, _, _ := strings.Cut(a.Remote, ":")
		add("try=", side(&cdr.Leg{Trunk: a.Trunk, Side: a.Side, Status: a.Status, Q850: a.Q850})+"@"+at)
	}
	for i := range r.Former {
		add("former=", side(&r.Former[i]))
	}
	return b.String()
}

func side(l *cdr.Leg) string {
	words := []string{l.Trunk, l.Side}
	if l.Status != 0 {
		words = append(words, fmt.Sprint(l.Status))
	}
	if l.Q850 != 0 {
		words = append(words, fmt.Sprintf("q%d", l.Q850))
	}
	if l.SRTP != "" {
		words = append(words, l.SRTP)
	}
	if l.Forged != 0 {
		words = append(words, fmt.Sprintf("forged=%d", l.Forged))
	}
	if l.StarPairs != 0 {
		words = append(words, fmt.Sprintf("star-pairs=%d", l.StarPairs))
	}
	return strings.Join(words, "/")
}

// noteOf is an event of the streams beside the records, told among the notes.
func noteOf(a *cdr.Activity) ua.Note {
	n := ua.Note{Message: strings.ReplaceAll(a.Event.Stream(), "_", " "), Fields: []string{"tenant", a.Tenant}}
	for _, f := range [][2]string{{"centre", a.Centre}, {"extension", a.Extension}} {
		if f[1] != "" {
			n.Fields = append(n.Fields, f[:]...)
		}
	}
	n.Fields = append(n.Fields, "event", a.Event.String())
	if a.Took != 0 {
		n.Fields = append(n.Fields, "took", a.Took.Round(100*time.Millisecond).String())
	}
	return n
}

// notes tells what operators were told since it was last asked, events of the
// streams beside the records among it.
func (p *play) notes(command) (string, error) {
	var b strings.Builder
	for _, n := range p.world.notes[p.noted:] {
		b.WriteString("note " + n.Message)
		for i := 0; i+1 < len(n.Fields); i += 2 {
			if n.Fields[i] != "call" { // its name is random
				fmt.Fprintf(&b, " %s=%s", n.Fields[i], n.Fields[i+1])
			}
		}
		b.WriteString("\n")
	}
	p.noted = len(p.world.notes)
	return b.String(), nil
}
