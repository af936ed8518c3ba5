package demo

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"sekisho/edge/config"
	"sekisho/edge/lab/carrier"
	"sekisho/edge/lab/siptest"
	"sekisho/edge/node"
	"sekisho/policy"
)

// stage is everything that runs: the other sides and the product between them.
type stage struct {
	sides   [lines]*carrier.Exchange
	node    *node.Node
	tables  *policy.Tables
	prompts string // folder to remove, or ""
}

// rings is how long a callee lets it ring.
const rings = 300 * time.Millisecond

// openStage starts everything or nothing.
func openStage(f Fault, all []step) (s *stage, err error) {
	s = &stage{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if err := s.openSides(f); err != nil {
		return s, err
	}
	s.rehearse(all)
	c, err := s.configuration(f)
	if err != nil {
		return s, err
	}
	if s.tables, err = c.Tables(); err != nil {
		return s, err
	}
	// One worker of media: some twenty calls need no more, wherever this runs.
	if s.node, err = node.Open(c, node.Options{Workers: 1}); err != nil {
		return s, fmt.Errorf("open the instance: %w", err)
	}
	at := s.node.Sockets()
	for l, side := range s.sides {
		side.SetBorder(at.Border[0])
		if line(l) == phone1001 || line(l) == phone1002 {
			side.SetBorder(at.Phones[0])
		}
	}
	return s, nil
}

func (s *stage) openSides(f Fault) (err error) {
	styles := [lines]carrier.Style{
		docomo: carrier.Docomo(), au: carrier.AU(), softbank: carrier.SoftBank(), pstn: carrier.PSTN(),
		phone1001: carrier.Phone("t1.example"), phone1002: carrier.Phone("t1.example"),
	}
	for l := range lines {
		c := carrier.Config{Name: l.String(), Bind: at(0), Style: styles[l]}
		if l == docomo && f == Audio {
			c.Line = scramble
		}
		if s.sides[l], err = carrier.Open(c); err != nil {
			return err
		}
	}
	return nil
}

// rehearse tells every callee what to do.
func (s *stage) rehearse(all []step) {
	var scripts [lines]carrier.Script
	for l := range scripts {
		scripts[l] = carrier.Script{}
	}
	for _, st := range all {
		if t := st.talk; t != nil {
			scripts[t.callee.line][t.callee.number] = carrier.Answers(rings, t.callee.voice)
		}
		f := st.feature
		if f == nil {
			continue
		}
		scripts[f.callee.line][f.callee.number] = carrier.Answers(rings, f.callee.voice)
		if f.rings {
			scripts[f.callee.line][f.callee.number] = carrier.NoAnswer()
		}
		if f.third.number != "" {
			scripts[f.third.line][f.third.number] = carrier.Answers(rings, f.third.voice)
		}
		for i, m := range f.others {
			scripts[m.line][m.number] = groupPlan(i, m)
		}
	}
	for l, side := range s.sides {
		side.Answer(scripts[l].For)
	}
}

func (s *stage) configuration(f Fault) (*config.Config, error) {
	a := addresses{
		West: at(0), East: at(0), Seam: at(0), Phones: at(0),
		Docomo: s.sides[docomo].Addr(), AU: s.sides[au].Addr(), SoftBank: s.sides[softbank].Addr(), PSTN: s.sides[pstn].Addr(),
		Phone1001: s.sides[phone1001].Addr(), Phone1002: s.sides[phone1002].Addr(),
		Fault: f,
	}
	if f == Emergency {
		folder, err := silentPrompts()
		s.prompts = folder
		if err != nil {
			return nil, fmt.Errorf("prepare silent prompts: %w", err)
		}
		a.Prompts = folder
	}
	text, err := a.render()
	if err != nil {
		return nil, fmt.Errorf("write the configuration: %w", err)
	}
	return config.Parse("demo.yaml", []byte(text))
}

// close ends what was started, the product first: it may still say farewell.
func (s *stage) close() error {
	var errs []error
	if s.node != nil {
		errs = append(errs, s.node.Close())
	}
	for _, side := range s.sides {
		if side != nil {
			side.Close()
		}
	}
	if s.prompts != "" {
		errs = append(errs, os.RemoveAll(s.prompts))
	}
	return errors.Join(errs...)
}

// self is the product's column in a ladder.
func (s *stage) self() siptest.Party {
	at := s.node.Sockets()
	p := siptest.Party{Name: "sekisho"}
	for _, own := range [][]netip.AddrPort{at.Border, at.Seam, at.Phones} {
		p.Addrs = append(p.Addrs, own...)
	}
	return p
}

// rest waits until the product holds nothing of the calls that are over, or
// until ctx ends, and returns what it holds then.
func (s *stage) rest(ctx context.Context) []Check {
	pause := time.NewTicker(20 * time.Millisecond)
	defer pause.Stop()
	for {
		held, err := s.node.State(ctx)
		if err != nil {
			return []Check{{Name: "the instance tells what it holds", Fact: err.Error()}}
		}
		idle := held.Calls == 0 && held.Legs == 0 && held.Ports.Leased == 0
		select {
		case <-pause.C:
			if !idle {
				continue
			}
		case <-ctx.Done():
		}
		panics := held.Panics
		for _, side := range s.sides {
			panics += side.Panics()
		}
		return []Check{
			{"nothing is held any more", idle, fmt.Sprintf("%d calls, %d legs, %d ports leased", held.Calls, held.Legs, held.Ports.Leased)},
			{"no machine panicked", panics == 0, fmt.Sprintf("%d panics", panics)},
		}
	}
}
