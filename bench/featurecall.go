package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"sekisho/edge/lab/carrier"
	"sekisho/edge/sip/cause"
)

// beginning is how a call comes about, by SPEC §8's split.
type beginning uint8

const (
	toGroup  beginning = iota // an outside caller, a ring group of five mobiles
	outbound                  // a mobile, an outside number; keys are passed on
	internal                  // a mobile, another mobile
	pickedUp                  // an outside caller, a mobile that never answers, picked up by another
	beginnings
)

// String returns the name in the report.
func (b beginning) String() string {
	return [...]string{"group of five", "outbound", "internal", "pickup"}[b]
}

// feature is what a called mobile does with its call.
type feature uint8

const (
	plain feature = iota
	held
	attended
	blind
	parked
	features
)

// String returns the name in the report.
func (f feature) String() string {
	return [...]string{"plain", "hold", "attended transfer", "blind transfer", "park and retrieve"}[f]
}

// Shares in percent.
var (
	beginningShare = [beginnings]int{60, 25, 10, 5}
	featureShare   = [features]int{20, 25, 20, 20, 15}
)

func draw(r *rand.Rand, shares []int) int {
	at := r.IntN(100)
	for i, share := range shares {
		if at -= share; at < 0 {
			return i
		}
	}
	return 0
}

// drawCall draws what becomes of the next call. Only who is called from without
// or within has keys that command.
func drawCall(r *rand.Rand) (beginning, feature) {
	b := beginning(draw(r, beginningShare[:]))
	if b == outbound {
		return b, plain
	}
	return b, feature(draw(r, featureShare[:]))
}

// featureWait bounds each wait for something to happen.
const featureWait = 20 * time.Second

var errFeatureWait = errors.New("nothing came of it in time")

// performance is one call of a cast.
type performance struct {
	*troupe
	*cast
	ctx   context.Context
	talks bool // RTP from every party
	began beginning
	feature
	// talk is how long the call stands beside what is done with it; stop cuts it
	// short.
	talk time.Duration
	stop <-chan struct{}
	ring time.Duration
	all  []*carrier.Call
}

// draw draws what becomes of the call; it talks for as long as mean on average.
func (p *performance) draw(r *rand.Rand, mean time.Duration) {
	p.talk = min(time.Duration(r.ExpFloat64()*float64(mean)), 4*mean)
	p.ring = 500*time.Millisecond + time.Duration(r.IntN(1000))*time.Millisecond
	p.began, p.feature = drawCall(r)
}

// actor is a subscriber in a call.
type actor struct {
	subscriber
	*carrier.Call
}

// perform plays the call to its end. Its parties are in p.all whatever happens.
func (p *performance) perform() error {
	err := p.play()
	if err != nil {
		for _, c := range p.all {
			c.HangUp()
		}
	}
	for _, c := range p.all {
		err = errors.Join(err, p.await(func(ctx context.Context) error { return c.Wait(ctx, carrier.Ended) }))
	}
	return err
}

func (p *performance) play() error {
	a, b, err := p.begin()
	if err != nil {
		return fmt.Errorf("to be answered: %w", err)
	}
	if err := p.together(a, b); err != nil {
		return fmt.Errorf("to hear each other: %w", err)
	}
	p.pause(p.talk / 2)
	switch p.feature {
	case held:
		err = p.hold(a, b)
	case attended:
		b, err = p.ask(a, b)
	case blind:
		b, err = p.passOn(a, b)
	case parked:
		b, err = p.park(a, b)
	case plain, features:
		if p.began == outbound {
			err = p.transparent(a, b)
		}
	}
	if err != nil {
		return err
	}
	p.pause(p.talk / 2)
	if p.talks { // to the end
		if err := p.together(a, b); err != nil {
			return fmt.Errorf("to hear each other at the end: %w", err)
		}
	}
	if p.ring%2 == 0 {
		a, b = b, a
	}
	a.HangUp()
	return p.over(b)
}

// begin has two parties talk.
func (p *performance) begin() (a, b actor, err error) {
	first, third := p.Mobiles[0], p.Mobiles[castGroup+1]
	switch p.began {
	case toGroup:
		return p.beginGroup()
	case outbound:
		p.expect(p.callee, p.answers(p.callee))
		return p.call(first, p.callee, "8"+strings.Replace(p.callee.MSISDN, "+81", "0", 1))
	case internal:
		p.expect(first, p.answers(first))
		return p.call(third, first, fmt.Sprintf("8%d", first.Extension))
	case pickedUp, beginnings:
	}
	p.expect(first, carrier.NoAnswer())
	a = p.dial(p.outside, p.Number)
	ringing, err := p.called(first)
	if err != nil {
		return a, b, err
	}
	b = p.dial(third, fmt.Sprintf("89%d", first.Extension))
	if err := p.answered(a, b); err != nil {
		return a, b, err
	}
	return a, b, p.elsewhere(ringing)
}

// beginGroup has all five ring and one of them answer.
func (p *performance) beginGroup() (a, b actor, err error) {
	winner := int(p.ring/time.Millisecond) % castGroup
	for i, m := range p.Mobiles[:castGroup] {
		p.expect(m, carrier.NoAnswer())
		if i == winner {
			p.expect(m, p.answers(m))
		}
	}
	a = p.dial(p.outside, p.GroupNumber)
	var rung [castGroup]actor
	for i, m := range p.Mobiles[:castGroup] {
		if rung[i], err = p.called(m); err != nil {
			return a, b, err
		}
	}
	b = rung[winner]
	if err := p.answered(a, b); err != nil {
		return a, b, err
	}
	for i, other := range rung {
		if i != winner {
			err = errors.Join(err, p.elsewhere(other))
		}
	}
	return a, b, err
}

// elsewhere has a call that rang end as answered elsewhere.
func (p *performance) elsewhere(other actor) error {
	if err := p.await(func(ctx context.Context) error { return other.Wait(ctx, carrier.Ended) }); err != nil {
		return fmt.Errorf("to be told of an answer elsewhere: %w", err)
	}
	if r := other.Result(); !strings.Contains(r.Reason, "Call completed elsewhere") {
		return fmt.Errorf("a call that rang ended with %d, Reason %q", r.Status, r.Reason)
	}
	return nil
}

func (p *performance) answers(s subscriber) carrier.Behaviour {
	return carrier.Behaviour{After: p.ring, Status: 200, Voice: s.voice, Mute: !p.talks}
}

// call places a call from one to the other and waits for the answer.
func (p *performance) call(from, to subscriber, digits string) (a, b actor, err error) {
	a = p.dial(from, digits)
	if b, err = p.called(to); err != nil {
		return a, b, err
	}
	return a, b, p.answered(a, b)
}

func (p *performance) dial(from subscriber, digits string) actor {
	c := p.sides[from.line].Dial(carrier.Dial{From: from.MSISDN, To: digits, Voice: from.voice, Mute: !p.talks})
	p.all = append(p.all, c)
	return actor{from, c}
}

func (p *performance) called(s subscriber) (actor, error) {
	var c *carrier.Call
	err := p.await(func(ctx context.Context) (err error) {
		c, err = p.sides[s.line].AwaitNumber(ctx, s.MSISDN)
		return err
	})
	if err == nil {
		p.all = append(p.all, c)
	}
	return actor{s, c}, err
}

func (p *performance) answered(all ...actor) error {
	for _, a := range all {
		if err := p.await(func(ctx context.Context) error { return a.Wait(ctx, carrier.Answered) }); err != nil {
			return err
		}
	}
	return nil
}

// together has each of two hear the other, where they talk.
func (p *performance) together(a, b actor) error {
	if !p.talks {
		return nil
	}
	return p.await(func(ctx context.Context) error { return errors.Join(a.Hears(ctx, b.voice), b.Hears(ctx, a.voice)) })
}

// music has a party hear the product's own sound for a second.
func (p *performance) music(a actor) error {
	return p.await(func(ctx context.Context) error {
		if err := a.Hears(ctx, 0); err != nil {
			return err
		}
		before := time.Duration(a.Heard().Talk.Packets) * 20 * time.Millisecond
		return a.Listen(ctx, carrier.Talk, before+time.Second)
	})
}

// over has a party be hung up normally.
func (p *performance) over(a actor) error {
	if err := p.await(func(ctx context.Context) error { return a.Wait(ctx, carrier.Ended) }); err != nil {
		return fmt.Errorf("to be hung up: %w", err)
	}
	if r := a.Result(); r.Cause.Side != cause.Remote || r.Cause.Q850 != cause.NormalClearing {
		return fmt.Errorf("hung up with %v", r.Cause)
	}
	return nil
}

func (p *performance) keys(a actor, keys string) error {
	for _, key := range []byte(keys) {
		if err := a.Press(key, 80*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

func (p *performance) hold(a, b actor) error {
	if err := p.keys(b, "*0#"); err != nil {
		return err
	}
	if err := p.music(a); err != nil {
		return fmt.Errorf("held, to hear music: %w", err)
	}
	p.pause(3 * time.Second)
	if err := p.keys(b, "*"); err != nil {
		return err
	}
	if err := p.together(a, b); err != nil {
		return fmt.Errorf("to hear each other after hold: %w", err)
	}
	return nil
}

// ask is an attended transfer: who is asked talks with a in the end.
func (p *performance) ask(a, b actor) (actor, error) {
	third := p.Mobiles[castGroup]
	p.expect(third, p.answers(third))
	if err := p.keys(b, fmt.Sprintf("*%d#", third.Extension)); err != nil {
		return b, err
	}
	c, err := p.called(third)
	if err == nil {
		err = p.answered(c)
	}
	if err == nil {
		err = p.together(b, c)
	}
	if err == nil {
		err = p.music(a)
	}
	if err != nil {
		return c, fmt.Errorf("to ask: %w", err)
	}
	b.HangUp()
	if err := p.together(a, c); err != nil {
		return c, fmt.Errorf("to hear each other after an attended transfer: %w", err)
	}
	return c, nil
}

func (p *performance) passOn(a, b actor) (actor, error) {
	third := p.Mobiles[castGroup]
	p.expect(third, p.answers(third))
	if err := p.keys(b, fmt.Sprintf("#%d#", third.Extension)); err != nil {
		return b, err
	}
	c, err := p.called(third)
	if err == nil {
		err = p.answered(c)
	}
	if err != nil {
		return c, fmt.Errorf("to pass on: %w", err)
	}
	if err := p.over(b); err != nil {
		return c, err
	}
	if err := p.together(a, c); err != nil {
		return c, fmt.Errorf("to hear each other after a blind transfer: %w", err)
	}
	return c, nil
}

func (p *performance) park(a, b actor) (actor, error) {
	if err := p.keys(b, "#700"); err != nil {
		return b, err
	}
	if err := p.over(b); err != nil { // after it was told the slot
		return b, fmt.Errorf("to park: %w", err)
	}
	if err := p.music(a); err != nil {
		return b, fmt.Errorf("parked, to hear music: %w", err)
	}
	c := p.dial(p.Mobiles[castGroup], "8"+firstSlot)
	err := p.answered(c)
	if err == nil {
		err = p.together(a, c)
	}
	if err != nil {
		return c, fmt.Errorf("to retrieve: %w", err)
	}
	return c, nil
}

// transparent has keys of an outbound call reach the far end (R40).
func (p *performance) transparent(a, b actor) error {
	const keys = "*1#"
	if err := p.keys(a, keys); err != nil {
		return err
	}
	return p.await(func(ctx context.Context) error {
		for {
			var heard []byte
			for _, d := range b.Heard().Digits {
				if d.Finished {
					heard = append(heard, d.Key)
				}
			}
			if string(heard) == keys {
				return nil
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("of the keys %s the far end heard %q", keys, heard)
			case <-time.After(50 * time.Millisecond):
			}
		}
	})
}

func (p *performance) await(f func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(p.ctx, featureWait, errFeatureWait)
	defer cancel()
	return f(ctx)
}

func (p *performance) pause(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-p.stop:
	case <-p.ctx.Done():
	}
}

// kind names the call in the report.
func (p *performance) kind() string {
	switch {
	case p.began == outbound:
		return "outbound, keys passed on"
	default:
		return p.began.String() + ", " + p.feature.String()
	}
}

// kinds are all names in the order of the report.
func kinds() (all []string) {
	for b := range beginnings {
		for f := range features {
			if p := (performance{began: b, feature: f}); !slices.Contains(all, p.kind()) {
				all = append(all, p.kind())
			}
		}
	}
	return all
}
