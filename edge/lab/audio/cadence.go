package audio

import (
	"fmt"
	"slices"
	"time"
)

// Signal is a Japanese call progress tone.
type Signal uint8

// The signals that Cadence tells apart.
const (
	NoSignal Signal = iota
	Ringback        // 400 Hz modulated by 16 Hz, 1 s on, 2 s off
	Busy            // 400 Hz, 0.5 s on, 0.5 s off
	Dial            // 400 Hz, on for at least 2 s
)

// String returns the signal's name.
func (s Signal) String() string {
	switch s {
	case Ringback:
		return "ringback"
	case Busy:
		return "busy"
	case Dial:
		return "dial"
	case NoSignal:
	}
	return "none"
}

// Pattern is how 400 Hz came and went.
type Pattern struct {
	Signal Signal
	// On and Off are medians over the whole periods heard; where the recording
	// cuts every period, the longest piece.
	On, Off time.Duration
	// Modulated is set where 384 and 416 Hz accompany the tone.
	Modulated bool
}

// String is for the line that a failing check prints.
func (p Pattern) String() string {
	return fmt.Sprintf("%v (%.2f s on, %.2f s off)", p.Signal, p.On.Seconds(), p.Off.Seconds())
}

// A frame holds whole periods of the tone and of its modulation, so the three
// partials do not leak into each other.
const (
	frame      = Rate / 16
	hop        = Rate / 50
	toneHertz  = 400
	modulation = 16
	purity     = 0.7 // share of a frame's energy that makes it the tone
	quietest   = -40 // dBFS
)

// Cadence recognises a call progress tone. Ringback needs 2.8 s, from where it
// begins, busy 1.5 s. Gaps of up to 0.1 s, such as lost packets leave, are
// bridged.
func Cadence(heard []int16) Pattern {
	on, modulated := frames(heard)
	runs := runLengths(bridge(on))
	p := Pattern{
		On:        typical(runs, true),
		Off:       typical(runs, false),
		Modulated: modulated,
	}
	p.Signal = p.signal()
	return p
}

func (p Pattern) signal() Signal {
	near := func(got, want time.Duration) bool { return got > want*4/5 && got < want*6/5 }
	switch {
	case p.Modulated && near(p.On, time.Second) && p.Off > 1600*time.Millisecond && p.Off < 2400*time.Millisecond:
		return Ringback
	case !p.Modulated && near(p.On, time.Second/2) && near(p.Off, time.Second/2):
		return Busy
	case !p.Modulated && p.On >= 2*time.Second && p.Off == 0:
		return Dial
	}
	return NoSignal
}

// frames tells for each hop whether the tone sounds, and whether it is
// modulated.
func frames(heard []int16) (on []bool, modulated bool) {
	var carrier, sides float64
	for i := 0; i+frame <= len(heard); i += hop {
		f := heard[i : i+frame]
		middle := goertzel(f, toneHertz)
		beside := goertzel(f, toneHertz-modulation) + goertzel(f, toneHertz+modulation)
		sounds := level(f) > quietest && middle+beside > purity*meanSquare(f)
		on = append(on, sounds)
		if sounds {
			carrier += middle
			sides += beside
		}
	}
	// Full modulation has half the carrier's power beside it; an edge has some.
	return on, sides > carrier/4
}

// bridge fills gaps of up to 0.1 s between frames that sound.
func bridge(on []bool) []bool {
	const short = Rate / 10 / hop
	out := slices.Clone(on)
	last := -1 // the last frame that sounds
	for i, sounds := range on {
		if !sounds {
			continue
		}
		if gap := i - last - 1; last >= 0 && gap <= short {
			for k := last + 1; k < i; k++ {
				out[k] = true
			}
		}
		last = i
	}
	return out
}

type run struct {
	on     bool
	length time.Duration
	whole  bool // neither the first nor the last
}

// runLengths measures runs. A frame sounds while the tone fills about half of
// it, so edges are seen where they are, give or take one hop.
func runLengths(on []bool) (runs []run) {
	for i := 0; i < len(on); {
		j := i
		for j < len(on) && on[j] == on[i] {
			j++
		}
		n := (j - i) * hop
		if i == 0 || j == len(on) {
			n += (frame - hop) / 2 // half a frame hangs over a recording's end
		}
		runs = append(runs, run{on[i], seconds(n), i > 0 && j < len(on)})
		i = j
	}
	return runs
}

func typical(runs []run, on bool) time.Duration {
	var whole, pieces []time.Duration
	for _, r := range runs {
		switch {
		case r.on != on:
		case r.whole:
			whole = append(whole, r.length)
		default:
			pieces = append(pieces, r.length)
		}
	}
	if len(whole) > 0 {
		slices.Sort(whole)
		return whole[len(whole)/2]
	}
	if len(pieces) > 0 {
		return slices.Max(pieces)
	}
	return 0
}
