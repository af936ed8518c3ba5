package load

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// wire is both ends of calls with nothing but a virtual clock between them.
type wire struct {
	s   *signaller
	at  [sides]netip.AddrPort
	now time.Time
	// lose says which messages do not arrive.
	lose func(at time.Duration, start string) bool
	log  []line
}

// line is a message that was sent.
type line struct {
	at    time.Duration
	from  side
	start string // the first two words
	data  []byte
}

var epoch = time.Unix(1_700_000_000, 0)

func newWire(c Config) *wire {
	c.Callers = []string{"09000002001"}
	c = c.filled()
	tally := newTally()
	m := newPlayer(&c, tally)
	w := &wire{s: newSignaller(&c, m, tally), now: epoch}
	ports := uint16(0)
	m.bind = func(s side) (*port, error) {
		ports++
		return &port{side: s, addr: loopback(10_000 + ports)}, nil
	}
	w.at = [sides]netip.AddrPort{loopback(5060), loopback(5070)}
	w.s.seenAs, w.s.border = w.at, w.at[callee]
	return w
}

// run places one call and lets time pass.
func (w *wire) run(kind Kind, length time.Duration) {
	w.s.place(w.now, w.now, kind)
	w.pass(length)
}

func (w *wire) pass(length time.Duration) {
	end := w.now.Add(length)
	for {
		w.carry()
		at := w.s.timers.Next()
		if at.IsZero() || at.After(end) {
			w.now = end
			return
		}
		w.now = at
		w.s.timeout(w.now)
	}
}

func (w *wire) carry() {
	for len(w.s.out) > 0 {
		d := w.s.out[0]
		w.s.out = w.s.out[1:]
		words := strings.Fields(string(d.data[:bytes.IndexByte(d.data, '\r')]))
		start := words[0]
		if start == "SIP/2.0" {
			start = words[1]
		}
		since := w.now.Sub(epoch)
		w.log = append(w.log, line{since, d.from, start, d.data})
		if w.lose != nil && w.lose(since, start) {
			continue
		}
		w.s.handle(w.now, d.from.other(), w.at[d.from], d.data)
	}
}

// story is the first words in their order.
func (w *wire) story() string {
	var all []string
	for _, l := range w.log {
		all = append(all, l.start)
	}
	return strings.Join(all, " ")
}

// times is when messages that begin so were sent, in seconds.
func (w *wire) times(start string) []float64 {
	var all []float64
	for _, l := range w.log {
		if l.start == start {
			all = append(all, l.at.Seconds())
		}
	}
	return all
}

func (w *wire) expect(t *testing.T, kind Kind) {
	t.Helper()
	if w.s.tally.kept[kind] != 1 || w.s.standing != 0 || len(w.s.free) != lastDigits-firstDigits+1 {
		t.Errorf("kept %v, failed %v, %d standing; %s", w.s.tally.kept, w.s.tally.failures, w.s.standing, w.story())
	}
	if w.s.media.vacant[caller][0].calls+w.s.media.vacant[callee][0].calls != 0 || w.s.media.vacant[caller][0].unnamed != 0 {
		t.Error("a media socket is still in use")
	}
}

func TestKinds(t *testing.T) {
	for kind, story := range map[Kind]string{
		Talked:    "INVITE 100 180 200 ACK BYE 200",
		Abrupt:    "INVITE 100 183 200 ACK BYE 200",
		Cancelled: "INVITE 100 180 CANCEL 200 487 ACK",
		Busy:      "INVITE 100 486 ACK",
	} {
		t.Run(kind.String(), func(t *testing.T) {
			w := newWire(Config{})
			w.run(kind, 10*time.Second)
			w.expect(t, kind)
			if got := w.story(); got != story {
				t.Errorf("%s, want %s", got, story)
			}
			w.pass(remembered)
			if flows := w.s.media.vacant[caller][0].flows; len(w.s.byID) != 0 || w.s.timers.Len() != 0 || len(flows) != 0 {
				t.Errorf("%d ends, %d timers and %d flows are left", len(w.s.byID), w.s.timers.Len(), len(flows))
			}
		})
	}
}

// TestHangUpByTurns: both ends send BYE, and only after the streams have had
// their time to arrive.
func TestHangUpByTurns(t *testing.T) {
	w := newWire(Config{Talk: time.Second, Ring: 200 * time.Millisecond})
	w.s.place(w.now, w.now, Talked)
	w.s.place(w.now, w.now, Talked)
	w.pass(5 * time.Second)
	var by []side
	for _, l := range w.log {
		if l.start == "BYE" {
			by = append(by, l.from)
			if want := 1200*time.Millisecond + draining; l.at != want {
				t.Errorf("BYE at %v, want %v", l.at, want)
			}
		}
	}
	slices.Sort(by)
	if !slices.Equal(by, []side{caller, callee}) || w.s.tally.kept[Talked] != 2 {
		t.Errorf("BYE from %v, kept %v", by, w.s.tally.kept)
	}
}

// RFC 3261 §13.3.1.4: "If the server retransmits the 2xx response for 64*T1
// seconds without receiving an ACK, the dialog is confirmed, but the session
// SHOULD be terminated. This is accomplished with a BYE".
func TestUnacknowledged(t *testing.T) {
	w := newWire(Config{Ring: time.Second})
	w.run(Unacknowledged, 60*time.Second)
	w.expect(t, Unacknowledged)
	if at := w.times("BYE"); !slices.Equal(at, []float64{33}) || len(w.times("ACK")) != 0 {
		t.Errorf("BYE at %v; %s", at, w.story())
	}
	// T1, doubled up to T2: "starts with an interval of T1 and doubles [...] until
	// it reaches T2".
	if at := w.times("200"); !slices.Equal(at[:6], []float64{1, 1.5, 2.5, 4.5, 8.5, 12.5}) {
		t.Errorf("200 at %v", at)
	}
}

// RFC 3261 §17.1.1.2: INVITE again after T1, 2*T1, 4*T1, … and for 64*T1 in all.
func TestNobody(t *testing.T) {
	w := newWire(Config{})
	w.lose = func(time.Duration, string) bool { return true }
	w.run(Talked, 60*time.Second)
	if at := w.times("INVITE"); !slices.Equal(at, []float64{0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5}) {
		t.Errorf("INVITE at %v", at)
	}
	if n := w.s.tally.failures[failure{Talked, "the caller was left calling"}]; n != 1 || w.s.standing != 0 {
		t.Errorf("failures %v", w.s.tally.failures)
	}
}

// TestAgain loses each message of a call the first time, one kind of message at
// a time: the call comes to the same end, unless an 18x is what is missing.
func TestAgain(t *testing.T) {
	for kind, messages := range map[Kind][]string{
		Talked:    {"INVITE", "180", "200", "ACK", "BYE"},
		Abrupt:    {"INVITE", "183", "200", "ACK", "BYE"},
		Cancelled: {"INVITE", "CANCEL", "487", "ACK"},
		Busy:      {"INVITE", "486", "ACK"},
	} {
		for _, missing := range messages {
			w := newWire(Config{})
			first := true
			w.lose = func(_ time.Duration, start string) bool {
				lost := start == missing && first
				first = first && !lost
				return lost
			}
			w.run(kind, 60*time.Second)
			w.expect(t, kind)
			if rung := w.s.tally.unrung == 0; rung == (missing[:2] == "18") {
				t.Errorf("%s without its first %s: %d unrung", kind, missing, w.s.tally.unrung)
			}
		}
	}
}

// TestCut: whatever a call is at, the end of the trial ends it.
func TestCut(t *testing.T) {
	for _, c := range []struct {
		kind Kind
		at   time.Duration
		last string
	}{
		{Talked, 500 * time.Millisecond, "CANCEL 200 487 ACK"},
		{Talked, 1500 * time.Millisecond, "ACK BYE 200"},
		{Unacknowledged, 1200 * time.Millisecond, "ACK BYE 200"},
	} {
		w := newWire(Config{Ring: time.Second, Talk: time.Hour})
		w.run(c.kind, c.at)
		w.s.stop(w.now)
		w.pass(3 * time.Second)
		if w.s.tally.cut[c.kind] != 1 || w.s.standing != 0 || !strings.HasSuffix(w.story(), c.last) {
			t.Errorf("%s after %v: cut %v, failed %v: %s", c.kind, c.at, w.s.tally.cut, w.s.tally.failures, w.story())
		}
	}
}

// TestWrongAnswers: what the other side does wrong is a failure of the call.
func TestWrongAnswers(t *testing.T) {
	w := newWire(Config{Ring: time.Second, Talk: time.Minute})
	w.run(Talked, 10*time.Second)
	h := w.s.byID[w.s.byDigit[firstDigits].ends[caller].callID]
	bye := strings.NewReplacer("From: ", "To: ", "To: ", "From: ", " ACK", " BYE").Replace(string(w.log[slices.IndexFunc(w.log, func(l line) bool {
		return l.start == "ACK"
	})].data))
	w.s.handle(w.now, caller, w.at[callee], []byte("BYE"+strings.TrimPrefix(bye, "ACK")))
	w.pass(2 * time.Minute)
	if h.call.fault != "BYE to the caller while talking" {
		t.Errorf("fault %q", h.call.fault)
	}
	w.s.handle(w.now, callee, w.at[caller], []byte(strings.ReplaceAll(string(w.log[0].data), "8030000", "8030001")))
	w.s.handle(w.now, callee, w.at[caller], []byte("garbage"))
	if w.s.tally.stray == 0 || w.s.tally.unreadable != 1 {
		t.Errorf("%d stray, %d unreadable", w.s.tally.stray, w.s.tally.unreadable)
	}
}
