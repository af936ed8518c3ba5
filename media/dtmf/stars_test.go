package dtmf

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

var epoch = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

const (
	ms   = time.Millisecond
	step = 20 * ms
)

var rule = Rule{Mode: StarsHeld, Gap: 600 * ms, Long: 1200 * ms, Tone: 80 * ms}

// press is a key that is down from one time to another, in milliseconds.
type press struct {
	from, to int
	key      Key
}

// heard is a key as the other side hears it.
type heard struct {
	key      Key
	from, to time.Duration
}

func (h heard) String() string { return fmt.Sprintf("%c %d-%d", h.key, h.from/ms, h.to/ms) }

// line is the filter and the speaker behind it in virtual time.
type line struct {
	stars Stars
	said  Speaker
	rule  Rule
	by    Spoken
	press Ordinal
	out   []heard
}

func (l *line) begin(now time.Time, k Key, out *Orders) {
	l.press = l.press.Next()
	l.stars.Begin(now, &l.rule, Order{Op: Begin, Key: k, Spoken: l.by, Press: l.press}, out)
}

func (l *line) order(now time.Time, out *Orders) {
	for _, o := range out.List() {
		l.said.Order(now, o, true)
		switch {
		case o.Op == Begin && l.said.Passes(l.press):
			l.out = append(l.out, heard{key: o.Key, from: now.Sub(epoch)})
		case o.Op == End && l.said.Passes(l.press) && l.out[len(l.out)-1].to == 0:
			l.out[len(l.out)-1].to = now.Sub(epoch)
		}
	}
	*out = Orders{}
}

// until does what is due before the time given, or at it.
func (l *line) until(end time.Time) {
	for {
		at := l.stars.Deadline()
		if d := l.said.Deadline(); at.IsZero() || !d.IsZero() && d.Before(at) {
			at = d
		}
		if at.IsZero() || at.After(end) {
			return
		}
		var out Orders
		l.stars.Expire(at, &l.rule, &out)
		l.order(at, &out)
		for f, ok := l.said.Next(at, step); ok; f, ok = l.said.Next(at, step) {
			if f.First {
				l.out = append(l.out, heard{key: f.Key, from: at.Sub(epoch)})
			}
			if f.End {
				last := &l.out[len(l.out)-1]
				last.to = last.from + f.Elapsed
			}
		}
	}
}

func (l *line) play(presses []press) []heard {
	for _, p := range presses {
		down, up := epoch.Add(time.Duration(p.from)*ms), epoch.Add(time.Duration(p.to)*ms)
		var out Orders
		l.until(down)
		l.begin(down, p.key, &out)
		l.order(down, &out)
		l.until(up)
		l.stars.End(up, &l.rule, p.key, Millis(p.to-p.from), &out)
		l.order(up, &out)
	}
	l.until(epoch.Add(time.Hour))
	return l.out
}

// SPEC R53: what is pressed, from when to when in milliseconds, and what is heard.
func TestStars(t *testing.T) {
	first, release := rule, rule
	first.Mode = StarsFirst
	release.Odd = OddReleased
	for _, c := range []struct {
		name string
		rule Rule
		in   []press
		want string
	}{
		{"a lone star comes when no second can", rule, []press{{0, 100, '*'}}, "* 700-780"},
		{"two are swallowed", rule, []press{{0, 100, '*'}, {300, 400, '*'}}, ""},
		{"two at the very gap", rule, []press{{0, 100, '*'}, {700, 800, '*'}}, ""},
		{"two beyond the gap", rule, []press{{0, 100, '*'}, {701, 800, '*'}}, "* 700-780,* 1400-1480"},
		{"two 900 ms apart", rule, []press{{0, 100, '*'}, {1000, 1100, '*'}}, "* 700-780,* 1700-1780"},
		{"three are one run", rule, []press{{0, 100, '*'}, {300, 400, '*'}, {600, 700, '*'}}, ""},
		{"three, the last released", release, []press{{0, 100, '*'}, {300, 400, '*'}, {600, 700, '*'}}, "* 1300-1380"},
		{"four, none released", release, []press{{0, 100, '*'}, {300, 400, '*'}, {600, 700, '*'}, {900, 950, '*'}}, ""},
		{"*0: the star first, the second digit 140 ms late", rule, []press{{0, 100, '*'}, {200, 300, '0'}}, "* 200-280,0 340-440"},
		{"*0 with 30 ms between", rule, []press{{0, 100, '*'}, {130, 200, '0'}}, "* 130-210,0 270-340"},
		{"*1002# is late and then on time", rule, []press{{0, 100, '*'}, {300, 400, '1'}, {600, 700, '0'}, {800, 900, '0'}, {1000, 1100, '2'}, {1200, 1300, '#'}},
			"* 300-380,1 440-540,0 600-700,0 800-900,2 1000-1100,# 1200-1300"},
		{"**0: the digit alone", rule, []press{{0, 100, '*'}, {300, 400, '*'}, {500, 600, '0'}}, "0 500-600"},
		{"other keys pass at once", rule, []press{{0, 100, '1'}, {130, 170, '#'}, {200, 260, '5'}}, "1 0-100,# 130-170,5 200-260"},
		{"a long star is heard from its 1200th ms, to the end of a packet", rule, []press{{0, 2000, '*'}}, "* 1200-2020"},
		{"a long star ends at once", rule, []press{{0, 1210, '*'}}, "* 1200-1240"},
		{"a star behind a long one is swallowed", rule, []press{{0, 1500, '*'}, {1700, 1800, '*'}}, "* 1200-1520"},
		{"a digit behind a long star", rule, []press{{0, 1500, '*'}, {1520, 1600, '7'}}, "* 1200-1520,7 1580-1660"},
		{"what is said twice is never nearer than the gap", rule, []press{{0, 100, '*'}, {200, 300, '5'}, {350, 360, '*'}}, "* 200-280,5 340-440,* 960-1040"},
		{"a second lone star is postponed", rule, []press{{0, 10, '*'}, {615, 620, '*'}}, "* 610-690,* 1290-1370"},
		{"a digit waits behind the postponed star", rule, []press{{0, 10, '*'}, {615, 620, '*'}, {1250, 1350, '3'}}, "* 610-690,* 1290-1370,3 1430-1530"},
		{"dedupe: no delay, one star", first, []press{{0, 100, '*'}, {300, 400, '*'}, {2000, 2100, '*'}}, "* 0-100,* 2000-2100"},
		{"dedupe: what follows", first, []press{{0, 100, '*'}, {300, 400, '*'}, {500, 600, '0'}}, "* 0-100,0 500-600"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := line{rule: c.rule, by: ByEvents}
			var got []string
			for _, h := range l.play(c.in) {
				got = append(got, h.String())
			}
			if g := strings.Join(got, ","); g != c.want {
				t.Errorf("%v:\n got %s\nwant %s", c.in, g, c.want)
			}
		})
	}
}

// expected is what is to be heard of a sequence of presses, told without states:
// runs of stars with no gap but short ones; only a run of one is heard, and a
// first star that was down for too long to be held back.
func expected(in []press) (keys string) {
	for i := 0; i < len(in); {
		if in[i].key != '*' {
			keys += string(in[i].key)
			i++
			continue
		}
		j := i
		for j+1 < len(in) && in[j+1].key == '*' && in[j+1].from-in[j].to <= 600 {
			j++
		}
		if i == j || in[i].to-in[i].from > 1200 {
			keys += "*"
		}
		i = j + 1
	}
	return keys
}

// random draws a sequence around the edges of the rule.
func random(r *rand.Rand) (in []press) {
	gaps := []int{30, 60, 100, 250, 450, 599, 600, 601, 602, 700, 1500, 4000}
	lengths := []int{40, 80, 120, 300, 1000, 1199, 1201, 1300, 2500}
	at := 0
	for range 1 + r.IntN(9) {
		at += gaps[r.IntN(len(gaps))]
		length := lengths[r.IntN(len(lengths))]
		in = append(in, press{at, at + length, Key("***0123#"[r.IntN(8)])})
		at += length
	}
	return in
}

// Whatever is pressed: every key but the swallowed stars is heard once and in
// order, no two overlap, and no star begins within the gap behind another.
func TestStarsOfRandomPresses(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		in := random(r)
		l := line{rule: rule, by: Spoken(r.IntN(2))}
		out := l.play(in)
		got := ""
		for i, h := range out {
			got += string(h.key)
			if i == 0 {
				continue
			}
			if h.from < out[i-1].to {
				t.Fatalf("%v: %v overlaps %v", in, h, out[i-1])
			}
			if h.key == '*' && out[i-1].key == '*' && h.from-out[i-1].to < rule.Gap {
				t.Fatalf("%v: %v, then %v", in, out[i-1], h)
			}
		}
		if want := expected(in); got != want {
			t.Fatalf("%v: heard %q, want %q", in, got, want)
		}
	}
}

// A filter and its speaker are plain data: a copy made anywhere goes on as the
// original would have.
func TestStarsMoveAsValues(t *testing.T) {
	in := []press{{0, 100, '*'}, {200, 300, '0'}, {900, 1000, '*'}, {1800, 3200, '*'}, {3300, 3400, '*'}, {3500, 3600, '9'}}
	whole := line{rule: rule, by: ByEvents}
	want := whole.play(in)
	for cut := range in {
		a := line{rule: rule, by: ByEvents}
		for _, p := range in[:cut] {
			down, up := epoch.Add(time.Duration(p.from)*ms), epoch.Add(time.Duration(p.to)*ms)
			var out Orders
			a.until(down)
			a.begin(down, p.key, &out)
			a.order(down, &out)
			a.until(up)
			a.stars.End(up, &a.rule, p.key, Millis(p.to-p.from), &out)
			a.order(up, &out)
		}
		b := a
		a = line{}
		b.out = slices.Clone(b.out)
		if got := b.play(in[cut:]); !slices.Equal(got, want) {
			t.Errorf("cut before press %d: %v, want %v", cut, got, want)
		}
	}
}

// With a new description a star that waits is let go.
func TestStarsHasten(t *testing.T) {
	l := line{rule: rule}
	var out Orders
	l.begin(epoch, '*', &out)
	l.stars.End(epoch.Add(100*ms), &rule, '*', 100, &out)
	l.stars.Hasten(&rule)
	l.until(epoch.Add(200 * ms))
	if len(l.out) != 1 || l.out[0].from > 101*ms {
		t.Errorf("heard %v, want a star at once", l.out)
	}
}

// Keys that no telephone presses are given up, and then keys pass again.
func TestSpeakerGivesUp(t *testing.T) {
	var s Speaker
	for range 40 {
		s.Order(epoch, Order{Op: Say, Key: '1', Length: 80}, true)
	}
	if s.Lost() == 0 {
		t.Error("40 keys at once wait, none is given up")
	}
	s = Speaker{}
	s.Order(epoch, Order{Op: Say, Key: '1', Length: 80}, true)
	if _, ok := s.Next(epoch.Add(4*time.Second), step); ok || s.Lost() != 1 {
		t.Error("a key that waited for 4 s was said")
	}
	s.Order(epoch.Add(4*time.Second), Order{Op: Begin, Key: '2', Spoken: ByEvents, Press: 7}, true)
	if !s.Passes(7) {
		t.Error("keys do not pass again")
	}
}
