package scenario

import (
	"fmt"
	"strings"
	"time"
)

// Result is what became of a script.
type Result struct {
	// Text is the file with what happened in the place of what was recorded.
	Text string
	// End is what the command end said: it does not depend on the weather.
	End string
	// Wire is every SIP message that was sent, in order, and a digest of the RTP
	// among them.
	Wire []byte
}

// Play plays a script in a world of its own. The error is the script's fault.
func Play(s *Script, in Setting) (Result, error) { return newPlay(in).play(s) }

func (p *play) play(s *Script) (Result, error) {
	var text strings.Builder
	var r Result
	for i, block := range s.blocks {
		var outcome strings.Builder
		for _, c := range block.commands {
			said, err := p.do(c)
			if err != nil {
				return r, fmt.Errorf("line %d: %s: %w", c.line, c.name, err)
			}
			outcome.WriteString(p.ladder())
			outcome.WriteString(said)
			if c.name == "end" {
				r.End = said
			}
		}
		if i > 0 && !strings.HasPrefix(block.text, "\n") {
			text.WriteString("\n")
		}
		text.WriteString(block.text + outcome.String())
	}
	r.Text = text.String()
	for _, m := range p.world.trace {
		r.Wire = append(r.Wire, m.At.Format(time.RFC3339Nano)+m.From.String()+m.To.String()...)
		r.Wire = append(r.Wire, m.Data...)
	}
	r.Wire = p.world.network.digest.Sum(r.Wire)
	return r, nil
}

// play is one run of a script.
type play struct {
	setting  Setting
	overlays []string
	// world is built by the first command that is not config.
	world *World
	calls map[string]*call
	// drawn, recorded and noted are how much of the world's trace, records and
	// notes has been told.
	drawn, recorded, noted, measured int
	// requests counts those sent past a leg.
	requests int
	// timers adds session timers to the ladder, once one was set.
	timers bool
	// watched are the headers that the ladder shows beside its summary.
	watched []string
}

func newPlay(in Setting) *play { return &play{setting: in, calls: make(map[string]*call)} }

// do carries out one command and returns what it has to say beside the ladder.
func (p *play) do(c command) (string, error) {
	if c.name == "config" {
		return p.configure(c)
	}
	if p.world == nil {
		if err := p.build(); err != nil {
			return "", err
		}
	}
	do := commandNamed(c.name)
	if do == nil {
		return "", fmt.Errorf("no such command")
	}
	return do(p, c)
}

// handler carries out a command.
type handler func(*play, command) (string, error)

func commandNamed(name string) handler {
	switch name {
	case "advance":
		return (*play).advance
	case "answer":
		return (*play).answer
	case "ask":
		return (*play).ask
	case "branch":
		return (*play).branch
	case "call":
		return (*play).call
	case "cdr":
		return (*play).cdr
	case "drain":
		return (*play).drain
	case "end":
		return (*play).end
	case "explain":
		return (*play).explain
	case "hangup", "cancel":
		return (*play).hangUp
	case "fax":
		return (*play).fax
	case "heard":
		return (*play).heard
	case "knows":
		return (*play).knows
	case "leak":
		return (*play).leak
	case "link":
		return (*play).link
	case "media":
		return (*play).media
	case "mute", "unmute":
		return (*play).mute
	case "notes":
		return (*play).notes
	case "peers":
		return (*play).peers
	case "ports":
		return (*play).ports
	case "press":
		return (*play).press
	case "reliable":
		return (*play).reliable
	case "update":
		return (*play).update
	case "secure":
		return (*play).secure
	case "reinvite":
		return (*play).reinvite
	case "reject":
		return (*play).reject
	case "request":
		return (*play).request
	case "ring":
		return (*play).ring
	case "send":
		return (*play).send
	case "show":
		return (*play).show
	case "spoof":
		return (*play).spoof
	case "timer":
		return (*play).timer
	case "watch":
		return (*play).watch
	case "until":
		return (*play).quiet
	}
	return nil
}

// party finds a party by its name.
func (p *play) party(name string) (*party, error) {
	for _, r := range p.world.parties {
		if r.name == name {
			return r, nil
		}
	}
	return nil, fmt.Errorf("no party %q", name)
}

// patience is how long a command waits for the call that it needs: a little
// more than any message is repeated (RFC 3261: 64·T1).
const patience = 34 * time.Second

// who finds the call that a command is about: a placed call by its id, or the
// one that a party received last. It waits until fit.
func (p *play) who(name string, fit func(*call) bool) (*call, error) {
	var c *call
	find := func() bool {
		if c = p.calls[name]; c == nil {
			if r, err := p.party(name); err == nil {
				c = r.received()
			}
		}
		return c != nil && fit(c)
	}
	if !p.world.until(p.world.now.Add(patience), find) {
		return nil, fmt.Errorf("%s has no such call", name)
	}
	return c, nil
}

func anyCall(*call) bool { return true }
