package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"sekisho/edge/lab/audio"
	"sekisho/edge/lab/carrier"
	"sekisho/edge/sip/cause"
	"sekisho/media/prompt"
)

// feature is a call that a mobile does something with by its keys, or that
// somebody else comes in to.
type feature struct {
	callee party
	// rings says that the callee never answers.
	rings bool
	third party
	// others are the members of the group that the callee is one of.
	others []party
	// calls is what the third party dials; empty where it is called itself.
	calls string
	play  func(ctx context.Context, sc *scene)
}

// scene is a feature being performed.
type scene struct {
	stage   *stage
	step    step
	a, b, c *carrier.Call // caller, callee, third party; nil until they are there
	others  []side        // members of the group that rang in vain
	checks  []Check
}

// playFeature performs a step that is a feature.
func (s *stage) playFeature(ctx context.Context, st step, call *carrier.Call) *scene {
	ctx, cancel := context.WithTimeoutCause(ctx, 4*patience, errPatience)
	defer cancel()
	sc := &scene{stage: s, step: st, a: call}
	callee, err := s.sides[st.feature.callee.line].AwaitNumber(ctx, st.feature.callee.number)
	if err != nil {
		sc.check(st.feature.callee.line.heading()+" is called", false, err.Error())
		return sc
	}
	sc.b = callee
	if !st.feature.rings {
		if err := call.Wait(ctx, carrier.Answered); err != nil {
			sc.check(st.caller.line.heading()+" is answered", false, err.Error())
			return sc
		}
		_ = call.Listen(ctx, carrier.Talk, time.Second)
	}
	st.feature.play(ctx, sc)
	all := []*carrier.Call{sc.a, sc.b, sc.c}
	for _, o := range sc.others {
		all = append(all, o.call)
	}
	for _, c := range all {
		if c != nil {
			c.HangUp()
			_ = c.Wait(ctx, carrier.Ended)
		}
	}
	return sc
}

func (sc *scene) check(name string, ok bool, fact string) {
	sc.checks = append(sc.checks, Check{name, ok, fact})
}

// keys presses keys of the callee's, a tenth of a second each.
func (sc *scene) keys(keys string) {
	for _, key := range []byte(keys) {
		if err := sc.b.Press(key, 100*time.Millisecond); err != nil {
			sc.check("keys "+keys, false, err.Error())
			return
		}
	}
}

// answered waits for the third party: to be called and to answer, or to be
// answered itself.
func (sc *scene) answered(ctx context.Context) bool {
	f := sc.step.feature
	var err error
	if f.calls != "" {
		sc.c = sc.stage.sides[f.third.line].Dial(carrier.Dial{From: f.third.number, To: f.calls, Voice: f.third.voice})
	} else {
		sc.c, err = sc.stage.sides[f.third.line].AwaitNumber(ctx, f.third.number)
	}
	if err == nil {
		err = sc.c.Wait(ctx, carrier.Answered)
	}
	if err != nil {
		sc.check(f.third.line.heading()+" comes in", false, err.Error())
		return false
	}
	sc.check(f.third.line.heading()+" comes in", true, "as "+f.third.number)
	return true
}

// ear is where the listening to a call begins.
type ear struct {
	call *carrier.Call
	from int
}

func listen(c *carrier.Call) ear { return ear{c, len(c.Heard().Talk.PCM)} }

// heard is what has come since, at least d of it if it comes in time.
func (e ear) heard(ctx context.Context, d time.Duration) carrier.Part {
	before := time.Duration(e.from) * time.Second / audio.Rate
	_ = e.call.Listen(ctx, carrier.Talk, before+d) // what does not come the judge misses
	p := e.call.Heard().Talk
	p.PCM = p.PCM[min(e.from, len(p.PCM)):]
	return p
}

// hears judges that a party hears another one's voice.
func (sc *scene) hears(ctx context.Context, e ear, who, whom party) {
	sc.checks = append(sc.checks, judgeVoice(who.line.heading(), whom.line.heading(), e.heard(ctx, listening), whom.voice))
}

// hearsMusic judges that a party hears the hold music for a while.
func (sc *scene) hearsMusic(ctx context.Context, e ear, who party, d time.Duration) {
	heard := e.heard(ctx, d)
	ulaw, _ := prompt.Embedded().Clip(prompt.Hold)
	v := audio.HearsLoop(heard.PCM, audio.Decode(ulaw))
	sc.check(who.line.heading()+" hears music", v.OK && v.Found >= enough,
		fmt.Sprintf("likeness %.2f, %.1f of %.1f s recognised", v.Peak, v.Found.Seconds(), seconds(len(heard.PCM))))
}

// hearsClip judges that a party has heard an announcement whole.
func (sc *scene) hearsClip(e ear, who party, what string, keys ...string) {
	var clip []int16
	for _, key := range keys {
		ulaw, _ := prompt.Embedded().Clip(key)
		clip = append(clip, audio.Decode(ulaw)...)
	}
	heard := e.call.Heard().Talk.PCM
	heard = heard[min(e.from, len(heard)):]
	v := audio.Hears(heard, clip)
	sc.check(who.line.heading()+" hears "+what, len(audio.Occurrences(heard, clip)) == 1,
		fmt.Sprintf("likeness %.2f, %.1f s", v.Peak, seconds(len(clip))))
}

// released judges that a party was hung up without a fault.
func (sc *scene) released(ctx context.Context, c *carrier.Call, who party) {
	_ = c.Wait(ctx, carrier.Ended)
	r := c.Result()
	ok := r.State == carrier.Ended && r.Cause.Side == cause.Remote && r.Cause.Q850 == cause.NormalClearing
	sc.check(who.line.heading()+" is let go", ok, ended(r))
}

// talkTogether judges that two parties hear each other.
func (sc *scene) talkTogether(ctx context.Context, x, y *carrier.Call, px, py party) {
	ex, ey := listen(x), listen(y)
	sc.hears(ctx, ex, px, py)
	sc.hears(ctx, ey, py, px)
}

func playHold(ctx context.Context, sc *scene) {
	a, b := sc.step.caller, sc.step.feature.callee
	ea, eb := listen(sc.a), listen(sc.b)
	sc.keys("*0#")
	sc.hearsMusic(ctx, ea, a, 6*time.Second)
	sc.hearsClip(eb, b, "that it is held", "hold_on")
	sc.keys("*")
	_ = listen(sc.b).heard(ctx, 200*time.Millisecond) // the key itself, and back
	sc.talkTogether(ctx, sc.a, sc.b, a, b)
}

func playAttended(ctx context.Context, sc *scene) {
	a, b, c := sc.step.caller, sc.step.feature.callee, sc.step.feature.third
	sc.keys("*2014#")
	if !sc.answered(ctx) {
		return
	}
	ea := listen(sc.a)
	sc.talkTogether(ctx, sc.b, sc.c, b, c)
	sc.hearsMusic(ctx, ea, a, listening)
	sc.checks = append(sc.checks, judgeShown(c.line.heading(), shown{from: "82013", asserted: "82013"}, sc.c.Incoming()))
	sc.b.HangUp()
	_ = sc.b.Wait(ctx, carrier.Ended)
	sc.talkTogether(ctx, sc.a, sc.c, a, c)
}

func playBlind(ctx context.Context, sc *scene) {
	a, b, c := sc.step.caller, sc.step.feature.callee, sc.step.feature.third
	sc.keys("#2016#")
	sc.released(ctx, sc.b, b)
	if !sc.answered(ctx) {
		return
	}
	sc.checks = append(sc.checks, judgeShown(c.line.heading(), shown{from: "80300009013", asserted: "80300009013"}, sc.c.Incoming()))
	sc.talkTogether(ctx, sc.a, sc.c, a, c)
}

func playPark(ctx context.Context, sc *scene) {
	a, b, c := sc.step.caller, sc.step.feature.callee, sc.step.feature.third
	ea, eb := listen(sc.a), listen(sc.b)
	sc.keys("#700")
	sc.released(ctx, sc.b, b)
	sc.hearsClip(eb, b, "that the slot is 701", "park_prefix", "digit_7", "digit_0", "digit_1", "park_suffix")
	sc.hearsMusic(ctx, ea, a, 3*time.Second)
	sc.comesIn(ctx, a, c)
}

func playPickup(ctx context.Context, sc *scene) {
	a, b, c := sc.step.caller, sc.step.feature.callee, sc.step.feature.third
	sc.comesIn(ctx, a, c)
	_ = sc.b.Wait(ctx, carrier.Ended)
	r := sc.b.Result()
	sc.check(b.line.heading()+" shows no missed call", strings.Contains(r.Reason, "Call completed elsewhere"), ended(r)+", Reason "+r.Reason)
}

// comesIn has the third party call, hear the beep and then the caller.
func (sc *scene) comesIn(ctx context.Context, a, c party) {
	if !sc.answered(ctx) {
		return
	}
	ec := ear{call: sc.c}
	_ = ec.heard(ctx, time.Second)
	sc.hearsClip(ec, c, "the beep", prompt.Beep)
	sc.talkTogether(ctx, sc.a, sc.c, a, c)
}
