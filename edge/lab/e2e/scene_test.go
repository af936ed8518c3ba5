package e2e

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/edge/lab/audio"
	"sekisho/media/prompt"
)

// scene is a trial of features: a site, the product on it, and an ear.
type scene struct {
	*testing.T
	site *FeatureSite
	wire *Wire
	cast []*Handset
}

func stage(t *testing.T, channels int) *scene {
	t.Helper()
	Need(t, "sipp", "baresip")
	NeedTime(t, "announcements are heard whole")
	t.Parallel()
	site, err := NewFeatureSite(t.TempDir(), channels)
	if err != nil {
		t.Fatal(err)
	}
	product := open(t, &site.Site)
	s := &scene{T: t, site: site, wire: overhear(t, site.West.Addr())}
	t.Cleanup(func() { // before the product ends: nobody is left with it
		d := debug(t, product)
		for until := time.Now().Add(5 * time.Second); (d.Calls > 0 || d.Legs > 0 || d.Ports.Leased > 0) && time.Now().Before(until); d = debug(t, product) {
			time.Sleep(50 * time.Millisecond)
		}
		if d.Calls > 0 || d.Legs > 0 || d.Ports.Leased > 0 || d.Panics > 0 {
			t.Errorf("calls stand behind their end: %+v", d)
		}
	})
	return s
}

// start brings a handset to life.
func (s *scene) start(h *Handset) *Handset {
	s.Helper()
	if err := h.Start(s.Context(), s.site.Folder); err != nil {
		s.Fatal(err)
	}
	s.cast = append(s.cast, h)
	return h
}

// mobile is the one of a carrier's that will be called.
func (s *scene) mobile(trunk string, voice uint64, keys ...string) *Handset {
	s.Helper()
	return s.start(&Handset{Name: trunk, Local: s.site.Trunks[trunk], Voice: voice, Stream: stream(keys)})
}

// dial has somebody behind a trunk call.
func (s *scene) dial(trunk, caller, called string, voice uint64, keys ...string) *Handset {
	s.Helper()
	local, err := FreeUDP(s.site.Trunks[trunk].Addr(), s.site.Trunks[trunk])
	if err != nil {
		s.Fatal(err)
	}
	return s.start(&Handset{
		Name: trunk + "-calls", Local: local, Voice: voice, Stream: stream(keys), Called: called, Remote: s.site.West,
		Caller: "sip:+81" + strings.TrimPrefix(caller, "0") + "@" + trunk + ".example",
	})
}

// stream is a voice alone, and then what is pressed, each with the voice behind it.
func stream(keys []string) []Segment {
	list := []Segment{{}}
	for _, k := range keys {
		list = append(list, Segment{Keys: k})
	}
	return list
}

// offered waits for the call to a handset.
func (s *scene) offered(h *Handset) Message {
	s.Helper()
	m, err := h.Take(s.wire)
	if err != nil {
		s.Fatal(err)
	}
	return m
}

func (s *scene) order(h *Handset, word string) {
	s.Helper()
	if err := h.Order(word); err != nil {
		s.Fatal(err)
	}
}

// accept answers the call to a handset, and lets it speak.
func (s *scene) accept(h *Handset) Message {
	s.Helper()
	m := s.offered(h)
	s.order(h, "ACCEPT")
	s.message(h.Local, "ACK ")
	s.order(h, "PRESS0")
	return m
}

// answered waits for who calls to be answered, and lets it speak.
func (s *scene) answered(h *Handset) {
	s.Helper()
	s.message(h.Local, "SIP/2.0 200", "INVITE")
	s.from(h.Local, "ACK ")
	s.order(h, "PRESS0")
}

func (s *scene) message(to netip.AddrPort, begins string, holds ...string) Message {
	s.Helper()
	m, err := s.wire.Message(to, begins, holds...)
	if err != nil {
		s.Fatal(err)
	}
	return m
}

// from waits for a message of somebody's.
func (s *scene) from(sip netip.AddrPort, begins string) {
	s.Helper()
	if err := s.wire.Sent(sip, begins); err != nil {
		s.Fatal(err)
	}
}

// call has the PSTN's 0300009001 call a mobile, which answers; both talk.
func (s *scene) call(number string, b *Handset) (a *Handset) {
	s.Helper()
	a = s.dial("pstn", "0300009001", number, voiceA)
	s.accept(b)
	s.answered(a)
	s.together(s.ear("A", a), s.ear("B", b))
	return a
}

// The voices of the parties of a trial.
const (
	voiceA = iota + 61
	voiceB
	voiceC
)

// listener is where a party hears, and what it says itself.
type listener struct {
	name  string
	at    netip.AddrPort
	voice uint64
	from  int // how much it had heard
}

func (s *scene) ear(name string, h *Handset) listener {
	s.Helper()
	return s.listen(listener{name: name, at: media(s.T, s.wire, h.Local, h.call), voice: h.Voice})
}

// listen begins anew.
func (s *scene) listen(l listener) listener {
	l.from = s.wire.Length(l.at)
	return l
}

// together waits until two hear each other.
func (s *scene) together(x, y listener) {
	s.Helper()
	s.hears(x, "the voice of "+y.name, voiceOf(y.voice))
	s.hears(y, "the voice of "+x.name, voiceOf(x.voice))
}

// hears waits until the last two seconds that somebody has heard are a sound that
// goes on and on.
func (s *scene) hears(l listener, what string, ulaw []byte) {
	s.Helper()
	const window = 2 * audio.Rate
	clip := audio.Decode(ulaw)
	var v audio.Verdict
	heard, ok := s.judge(l, window, func(pcm []int16) bool {
		v = audio.HearsLoop(pcm[len(pcm)-window:], clip)
		return v.OK && v.Found >= time.Second
	})
	if !ok {
		s.Fatalf("%s does not hear %s: %v of %.1f s", l.name, what, v, float64(heard)/audio.Rate)
	}
}

// told waits until somebody has heard an announcement whole, once.
func (s *scene) told(l listener, keys ...string) {
	s.Helper()
	var clip []int16
	for _, key := range keys {
		clip = append(clip, s.clip(key)...)
	}
	var times int
	heard, ok := s.judge(l, len(clip), func(pcm []int16) bool {
		times = len(audio.Occurrences(pcm, clip))
		return times == 1
	})
	if !ok {
		s.Fatalf("%s hears %q %d times in %.1f s", l.name, keys, times, float64(heard)/audio.Rate)
	}
}

// beeped waits until somebody has heard a beep, or the end of one: a starved
// machine loses the beginning, and ladders hear it whole.
func (s *scene) beeped(l listener) {
	s.Helper()
	const piece = audio.Rate / 20
	_, ok := s.judge(l, audio.Rate, func(pcm []int16) bool {
		for n := 0; n+piece <= len(pcm); n += piece / 2 {
			if part := pcm[n : n+piece]; audio.Level(part) > -30 && audio.Tone(part, 1000) > 0.9 {
				return true
			}
		}
		return false
	})
	if !ok {
		s.Fatalf("%s hears no beep", l.name)
	}
}

// judge has somebody's ear judged when it has heard so many samples, and again
// with every half second more, for to correlate is dear. It returns how much was
// heard at last, and whether the judge was content.
func (s *scene) judge(l listener, samples int, content func([]int16) bool) (heard int, ok bool) {
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		if heard = s.wire.Length(l.at) - l.from; heard < samples {
			continue
		}
		if content(s.wire.Heard(l.at, l.from)) {
			return heard, true
		}
		samples = heard + audio.Rate/2
	}
	return heard, false
}

func (s *scene) clip(key string) []int16 {
	s.Helper()
	ulaw, ok := prompt.Embedded().Clip(key)
	if !ok {
		s.Fatalf("there is no clip %q", key)
	}
	return audio.Decode(ulaw)
}

// music is the hold melody.
func (s *scene) music() []byte {
	ulaw, _ := prompt.Embedded().Clip(prompt.Hold)
	return ulaw
}

// over has whom we name hang up, and judges what all have counted: every call
// went as its dialogue wants.
func (s *scene) over(who *Handset) {
	s.Helper()
	s.order(who, "HANGUP")
	s.ended()
}

func (s *scene) ended() {
	s.Helper()
	for _, h := range s.cast {
		o, err := h.Wait()
		if err != nil {
			s.Error(err)
		}
		calls := max(1, h.Calls)
		if o.Created != calls || o.Succeeded != calls || o.Failed != 0 || o.Unexpected != 0 {
			s.Errorf("%s: %+v", h.Name, o)
		}
	}
}

// unkeyed judges that somebody was told of no key.
func (s *scene) unkeyed(l listener) {
	s.Helper()
	if keys := s.wire.Keys(l.at); keys != "" {
		s.Errorf("%s is told of the keys %q", l.name, keys)
	}
}

// How the calls of a trial end, as toldAs has it: by who called, by who was
// called, or given up before the answer.
const (
	byA       = " answered a=remote/q16 b=local/q16"
	byB       = " answered a=local/q16 b=remote/q16"
	cancelled = " a=remote/487/q16 b=local/487/q16"
)

// recorded judges what a trial has left: a record of each call over the border,
// and of those within the core, in any order.
func (s *scene) recorded(want ...string) {
	s.Helper()
	var got []string
	for _, r := range recorded(s.T, &s.site.Site, len(want)) {
		got = append(got, r.Application+" "+r.Caller+">"+r.Called+" "+toldAs(r, ""))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.Errorf("recorded %q, want %q", got, want)
	}
}

// invited are the users that somebody was asked for, in order.
func (s *scene) invited(at netip.AddrPort) (users []string) {
	for _, m := range s.wire.Messages(at, "INVITE sip:") {
		user, _, _ := strings.Cut(strings.TrimPrefix(m.Text, "INVITE sip:"), "@")
		users = append(users, user)
	}
	return users
}
