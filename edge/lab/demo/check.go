package demo

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"sekisho/edge/lab/audio"
	"sekisho/edge/lab/carrier"
	"sekisho/edge/lab/siptest"
	"sekisho/edge/sip/cause"
	"sekisho/media/prompt"
)

// Check is one thing that was looked at.
type Check struct {
	// Name says what is expected; it is the same in every run.
	Name string
	OK   bool
	// Fact is what was measured.
	Fact string
}

// enough is how much of the other's voice must be recognised.
const enough = time.Second

// judgeTalk judges a call that was to be answered. callee is nil if it never
// rang.
func judgeTalk(st step, call, callee *carrier.Call) []Check {
	caller, called := st.caller.line.heading(), st.talk.callee.line.heading()
	checks := []Check{rang(caller, call.Result())}
	if callee == nil {
		return append(checks, Check{Name: called + " is called as " + st.talk.callee.number, Fact: "never called: " + ended(call.Result())})
	}
	checks = append(checks,
		Check{called + " is called as " + st.talk.callee.number, true, "dialled " + st.dials},
		judgeShown(called, st.talk.shown, callee.Incoming()))
	if len(st.talk.hidden) > 0 {
		checks = append(checks, judgeHidden(called, st.talk.hidden, callee.Trace()))
	}
	if len(st.talk.keys) == 0 { // keys have no voice beside them
		checks = append(checks, judgeVoice(called, caller, callee.Heard().Talk, st.caller.voice))
	}
	return append(checks,
		judgeVoice(caller, called, call.Heard().Talk, st.talk.callee.voice),
		judgeEnd(call.Result(), callee.Result()))
}

func rang(caller string, r carrier.Result) Check {
	c := Check{Name: caller + " is told that it rings", Fact: ended(r)}
	for _, p := range r.Provisional {
		if p.Status == 180 {
			c.OK, c.Fact = true, "180"
		}
	}
	return c
}

// judgeShown compares who the callee's network was told calls.
func judgeShown(called string, want shown, in carrier.Incoming) Check {
	got := shown{from: in.From, display: in.Display, privacy: in.Privacy, asserted: strings.Join(in.Asserted, " ")}
	return Check{called + " is shown " + want.from, got == want, got.String()}
}

// String tells the headers and what is in them.
func (s shown) String() string {
	from := s.from
	if s.display != "" {
		from = fmt.Sprintf("%q %s", s.display, from)
	}
	words := []string{"From " + from}
	if s.asserted != "" {
		words = append(words, "P-Asserted-Identity "+s.asserted)
	}
	if s.privacy != "" {
		words = append(words, "Privacy "+s.privacy)
	}
	return strings.Join(words, ", ")
}

// judgeHidden looks for numbers in everything that the callee's side got, as
// the user of any URI and as a display name.
func judgeHidden(called string, hidden []string, trace []siptest.Message) Check {
	c := Check{Name: called + " cannot learn who calls", OK: true, Fact: "no message names " + hidden[0]}
	for _, m := range trace {
		if m.Seen != siptest.Received {
			continue
		}
		for line := range strings.SplitSeq(string(m.Data), "\r\n") {
			for _, n := range hidden {
				if strings.Contains(line, "sip:"+n) || strings.Contains(line, "tel:"+n) || strings.Contains(line, `"`+n) {
					return Check{c.Name, false, line}
				}
			}
		}
	}
	return c
}

// judgeVoice judges by content what one party heard of the other.
func judgeVoice(hears, speaks string, heard carrier.Part, voice uint64) Check {
	c := Check{Name: hears + " hears " + speaks}
	if heard.Packets == 0 {
		c.Fact = "not one packet came"
		return c
	}
	v := audio.HearsLoop(heard.PCM, audio.Decode(audio.Voice(voice)))
	c.OK = v.OK && v.Found >= enough
	c.Fact = fmt.Sprintf("likeness %.2f, %.1f of %.1f s recognised, %d packets, %d lost",
		v.Peak, v.Found.Seconds(), seconds(len(heard.PCM)), heard.Packets, heard.Lost)
	return c
}

func judgeEnd(caller, callee carrier.Result) Check {
	ok := caller.State == carrier.Ended && callee.State == carrier.Ended &&
		callee.Cause.Side == cause.Remote && callee.Cause.Q850 == cause.NormalClearing
	return Check{"the caller hangs up and both are free", ok, "caller " + ended(caller) + "; callee " + ended(callee)}
}

// judgeRefusal judges a call that was to be refused; waited is the error of
// waiting for its end.
func (s *stage) judgeRefusal(st step, call *carrier.Call, waited error) []Check {
	caller, want := st.caller.line.heading(), st.refusal
	r, early := call.Result(), call.Heard().Early
	refused := Check{fmt.Sprintf("refused with %d", want.status), r.Status == want.status, ended(r)}
	if reason := siptest.ReasonOf([]string{r.Reason}); reason != want.reason {
		refused.OK = false
		refused.Fact += ", but Reason " + reason
	}
	if waited != nil {
		refused = Check{refused.Name, false, waited.Error()}
	}
	checks := []Check{judgeEarly(caller, r)}
	if want.within > 0 {
		checks = append(checks, judgeBeginning(call, early, want.within))
	}
	return append(checks, judgeAnnouncement(caller, want, early), refused, s.judgeSpared(want.spared))
}

// judgeEarly looks for the 183 that authorises the announcement.
func judgeEarly(caller string, r carrier.Result) Check {
	c := Check{Name: caller + " is offered early media", Fact: "no 183 came"}
	for _, p := range r.Provisional {
		if p.Status == 183 {
			c.OK = p.EarlyMedia == "sendonly" && p.Media != ""
			c.Fact = fmt.Sprintf("183, %s, P-Early-Media: %s", p.Media, p.EarlyMedia)
		}
	}
	return c
}

func judgeBeginning(call *carrier.Call, early carrier.Part, within time.Duration) Check {
	c := Check{Name: fmt.Sprintf("the first RTP comes within %d ms", within.Milliseconds()), Fact: "not one packet came"}
	trace := call.Trace()
	if early.Packets == 0 || len(trace) == 0 {
		return c
	}
	took := early.First.Sub(trace[0].At)
	c.OK, c.Fact = took <= within, fmt.Sprintf("%d ms after the INVITE", took.Milliseconds())
	return c
}

// judgeAnnouncement looks for the whole announcement as often as it is due. It
// is the embedded one, whatever the product was given.
func judgeAnnouncement(caller string, want *refusal, early carrier.Part) Check {
	c := Check{Name: fmt.Sprintf("%s hears %s%s", caller, want.clip, [...]string{"", " once", " twice"}[want.times])}
	ulaw, ok := prompt.Embedded().Clip(want.clip)
	if !ok {
		c.Fact = "there is no such announcement"
		return c
	}
	clip := audio.Decode(ulaw)
	begins := audio.Occurrences(early.PCM, clip)
	c.OK = len(begins) == want.times
	if len(begins) == 0 {
		c.Fact = fmt.Sprintf("%v in %.1f s, %d packets", audio.Hears(early.PCM, clip), seconds(len(early.PCM)), early.Packets)
		return c
	}
	var at []string
	for _, sample := range begins {
		at = append(at, fmt.Sprintf("%.2f", seconds(sample)))
	}
	c.Fact = fmt.Sprintf("%.1f s from %s s on, likeness %.2f, %d packets, %d lost",
		seconds(len(clip)), strings.Join(at, " and "), audio.Hears(early.PCM, clip).Peak, early.Packets, early.Lost)
	return c
}

// judgeSpared looks whether anybody at all was asked for a number.
func (s *stage) judgeSpared(spared []string) Check {
	c := Check{Name: "nobody is called as " + spared[0], OK: true, Fact: "no carrier or phone has seen such a call"}
	for l, side := range s.sides {
		for _, call := range side.Calls() {
			if n := call.Incoming().Number; slices.Contains(spared, n) {
				return Check{c.Name, false, fmt.Sprintf("%s was called as %s", line(l).heading(), n)}
			}
		}
	}
	return c
}

// ended tells how far a call has come, and how it ended.
func ended(r carrier.Result) string {
	if r.State != carrier.Ended {
		return "still " + r.State.String()
	}
	return r.Cause.String()
}

func seconds(samples int) float64 { return float64(samples) / audio.Rate }
