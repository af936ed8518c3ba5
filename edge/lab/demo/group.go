package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"sekisho/edge/lab/carrier"
)

// The group has ten members, its tenant five channels. The third member answers;
// of the fourth its carrier says that it is switched off, which who calls a group
// must not hear.
const (
	groupSize     = 10
	groupChannels = 5
	groupWinner   = 2
	groupOff      = 3
	groupRings    = 1500 * time.Millisecond
)

// groupPlan is what member i does.
func groupPlan(i int, m party) carrier.Behaviour {
	switch i {
	case groupWinner:
		return carrier.Answers(groupRings, m.voice)
	case groupOff:
		return carrier.Announces(m.voice, 4*patience, 480)
	}
	return carrier.NoAnswer()
}

// members are the group's, in the order of the configuration.
func members() (all []party) {
	for i := range groupSize {
		all = append(all, party{[...]line{docomo, au}[i%2], fmt.Sprintf("090000020%d", 41+i), uint64(190 + i)})
	}
	return all
}

func playGroup(ctx context.Context, sc *scene) {
	a, b := sc.step.caller, sc.step.feature.callee
	for i, m := range sc.step.feature.others[:groupChannels] {
		if i == groupWinner {
			continue // who answers was awaited as the callee
		}
		c, err := sc.stage.sides[m.line].AwaitNumber(ctx, m.number)
		if err != nil {
			sc.check(m.line.heading()+" rings as "+m.number, false, err.Error())
			return
		}
		sc.others = append(sc.others, side{m.line, c})
	}
	answered := sc.a.Wait(ctx, carrier.Answered)
	rings, early := rang(a.line.heading(), sc.a.Result()), sc.a.Heard().Early.Packets
	// Its own exchange makes the ringback of a 180 that describes no media.
	sc.check(a.line.heading()+" hears ringback, no carrier's talkie", rings.OK && early == 0, fmt.Sprintf("%s; %d packets before the answer", rings.Fact, early))
	// Those who did not ring before the answer never will.
	var asked, spared []string
	for _, m := range sc.step.feature.others {
		if called(sc.stage.sides[m.line], m.number) {
			asked = append(asked, m.number[7:])
		} else {
			spared = append(spared, m.number[7:])
		}
	}
	sc.check("five of ten ring, as listed", strings.Join(asked, " ") == "2041 2042 2043 2044 2045",
		fmt.Sprintf("%s; not %s", strings.Join(asked, " "), strings.Join(spared, " ")))
	if answered != nil {
		sc.check(b.line.heading()+" answers", false, answered.Error())
		return
	}
	elsewhere, facts := true, map[string]int{}
	for _, o := range sc.others {
		_ = o.call.Wait(ctx, carrier.Ended)
		r := o.call.Result()
		elsewhere = elsewhere && r.Status == 487 && strings.Contains(r.Reason, "Call completed elsewhere")
		facts[fmt.Sprintf("%d, Reason %s", r.Status, r.Reason)]++
	}
	var told []string
	for fact, n := range facts {
		told = append(told, fmt.Sprintf("%d times %s", n, fact))
	}
	sc.check("the other four show no missed call", elsewhere && len(sc.others) == groupChannels-1, strings.Join(told, "; "))
	sc.talkTogether(ctx, sc.a, sc.b, a, b)
}

// called reports whether anybody was called as the number.
func called(side *carrier.Exchange, number string) bool {
	for _, c := range side.Calls() {
		if c.Incoming().Number == number {
			return true
		}
	}
	return false
}
