package dialog

import (
	"strconv"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/header"
)

// TimerOption is the option tag of session timers (RFC 4028 §4).
const TimerOption = "timer"

// LeastInterval is the shortest session interval that anybody may ask for: "the
// absolute minimum value of the Session-Expires header field is 90 seconds"
// (RFC 4028 §4).
const LeastInterval = 90 * time.Second

// SessionTerms is what we want of session timers on a leg, in whole seconds.
// The zero value leaves the extension out.
type SessionTerms struct {
	// Expires is the interval we ask for and the longest we agree to, MinSE the
	// shortest; both are at least LeastInterval.
	Expires, MinSE time.Duration
	// Refresher is whom we ask to refresh where the choice is ours.
	Refresher header.Refresher
}

// SessionTimer keeps the session of one dialog alive, or finds it dead
// (RFC 4028). It is only terms and schedule, as plain data.
//
//	2xx ──Interval/2──→ refresh (where it is ours) ──→ …
//	2xx ──Interval − min(32 s, Interval/3)──→ BYE, unless another 2xx came
type SessionTimer struct {
	Terms SessionTerms
	// Least is the largest Min-SE that the peer has named in a 422.
	Least time.Duration
	// Interval is what the last 2xx agreed; zero is a session without timer.
	// Refresh is zero where the peer refreshes.
	Interval        time.Duration
	Refresh, Expiry time.Time
	// Asked is what the peer's request, which our 2xx will answer, has said.
	Asked SessionRequest
}

// SessionRequest is what a request says of session timers.
type SessionRequest struct {
	// Supported says that the sender knows the extension.
	Supported bool
	// Interval is zero without Session-Expires, MinSE LeastInterval without
	// Min-SE.
	Interval, MinSE time.Duration
	Refresher       header.Refresher
}

// readSession reads a message. A Session-Expires or Min-SE that cannot be read is
// as if it were not there: the call is worth more than its timer.
func readSession(m sip.Message) SessionRequest {
	r := SessionRequest{
		Supported: header.HasOption(m, "Supported", TimerOption) || header.HasOption(m, "Require", TimerOption),
		MinSE:     LeastInterval,
	}
	if v := header.First(m, "Session-Expires"); v != "" {
		if s, err := header.ParseSessionExpires(v); err == nil {
			r.Interval, r.Refresher = seconds(s.Seconds), s.Refresher
		}
	}
	r.MinSE = max(r.MinSE, minSE(m))
	return r
}

// minSE returns the Min-SE of a message, or 0.
func minSE(m sip.Message) time.Duration {
	v := header.First(m, "Min-SE")
	if v == "" {
		return 0
	}
	n, err := header.ParseMinSE(v)
	if err != nil {
		return 0
	}
	return seconds(n)
}

// longest bounds what a peer can have us count with.
const longest = 24 * time.Hour

func seconds(n uint32) time.Duration { return min(time.Duration(n)*time.Second, longest) }

// On reports whether the leg has the extension at all.
func (t *SessionTimer) On() bool { return t.Terms.Expires != 0 }

// Request adds to a request of ours that will refresh the session what we want
// (RFC 4028 §7.1); inside a session interval and roles stay (§7.4).
func (t *SessionTimer) Request(r *sip.Request) {
	if !t.On() {
		return
	}
	s := header.SessionExpires{Seconds: uint32(t.asks() / time.Second), Refresher: t.refresher()}
	r.AppendHeader(sip.NewHeader("Session-Expires", s.String()))
	if least := max(t.Terms.MinSE, t.Least); least > LeastInterval {
		// It has to be there once a 422 has named one (§7.3); without it 90
		// seconds are meant (§5).
		r.AppendHeader(sip.NewHeader("Min-SE", strconv.Itoa(int(least/time.Second))))
	}
}

// asks is the interval that a request of ours names.
func (t *SessionTimer) asks() time.Duration {
	if t.Interval != 0 {
		return max(t.Interval, t.Least)
	}
	return max(t.Terms.Expires, t.Least)
}

// refresher is who refreshes when we are the UAC of a request.
func (t *SessionTimer) refresher() header.Refresher {
	switch {
	case t.Interval == 0:
		return t.Terms.Refresher
	case t.Refresh.IsZero():
		return header.UAS
	}
	return header.UAC
}

// Lengthen follows a 422 and reports whether it makes sense to ask again: it
// named an interval longer than what we had asked for (RFC 4028 §7.3).
func (t *SessionTimer) Lengthen(r *sip.Response) bool {
	least := minSE(r)
	if !t.On() || least <= t.asks() {
		return false
	}
	t.Least = least
	return true
}

// Received takes a request of the peer that would refresh the session. It
// returns the Min-SE of the 422 that it earns, or zero: a peer that knows the
// extension has asked for less than we want (RFC 4028 §9).
func (t *SessionTimer) Received(r *sip.Request) (least time.Duration) {
	if !t.On() {
		return 0
	}
	asked := readSession(r)
	if asked.Supported && asked.Interval != 0 && asked.Interval < t.Terms.MinSE {
		return t.Terms.MinSE
	}
	t.Asked = asked
	return 0
}

// Accept adds to our 2xx what is agreed for the request that was Received, and
// begins the interval at now (RFC 4028 §9, table 2).
func (t *SessionTimer) Accept(now time.Time, r *sip.Response) {
	a := t.Asked
	t.Asked = SessionRequest{}
	if !t.On() || !a.Supported && a.Interval == 0 {
		t.start(now, 0)
		return
	}
	s := header.SessionExpires{Refresher: a.Refresher}
	interval := max(t.Terms.Expires, a.MinSE)
	if a.Interval != 0 {
		// "The UAS MAY reduce its value but MUST NOT set it to a duration lower
		// than the value in the Min-SE header field in the request [...] the UAS
		// MUST NOT increase the value" (§9).
		interval = max(min(interval, a.Interval), LeastInterval)
	}
	switch {
	case !a.Supported:
		s.Refresher = header.UAS // it cannot: a proxy has asked
	case s.Refresher == header.NoRefresher:
		s.Refresher = t.Terms.Refresher
	}
	s.Seconds = uint32(interval / time.Second)
	if a.Supported {
		// A must where the peer is to refresh, a should otherwise (§9).
		r.AppendHeader(sip.NewHeader("Require", TimerOption))
	}
	r.AppendHeader(sip.NewHeader("Session-Expires", s.String()))
	t.start(now, interval)
	if s.Refresher == header.UAS {
		t.half(now)
	}
}

// Accepted follows the peer's 2xx to a request of ours: "If the 2xx response did
// not contain a Session-Expires header field, there is no session expiration"
// (RFC 4028 §7.2). A refresher it does not name is whom we had asked.
func (t *SessionTimer) Accepted(now time.Time, r *sip.Response) {
	if !t.On() {
		return
	}
	a := readSession(r)
	who := a.Refresher
	if who == header.NoRefresher {
		who = t.refresher()
	}
	interval := a.Interval
	if interval != 0 {
		interval = max(interval, LeastInterval)
	}
	t.start(now, interval)
	if who == header.UAC {
		t.half(now)
	}
}

// start begins an interval that the peer refreshes; zero ends the timer. A
// session that was not refreshed ends before its time, by "the minimum of 32
// seconds and one third of the session interval" (RFC 4028 §10).
func (t *SessionTimer) start(now time.Time, interval time.Duration) {
	t.Interval, t.Refresh, t.Expiry = interval, time.Time{}, time.Time{}
	if interval == 0 {
		return
	}
	t.Expiry = now.Add(interval - min(32*time.Second, interval/3))
}

// half makes the refresh of the interval just begun ours: "once half the session
// interval has elapsed" (RFC 4028 §7.2).
func (t *SessionTimer) half(now time.Time) {
	if t.Interval != 0 {
		t.Refresh = now.Add(t.Interval / 2)
	}
}

// Failed sets the next try of a refresh that was refused: "the UAC SHOULD NOT
// continuously retry" (RFC 4028 §7.4), so half of what is left passes first.
// Beyond the last try the session is left to expire.
func (t *SessionTimer) Failed(now time.Time) {
	if t.Refresh.IsZero() {
		return
	}
	t.Refresh = now.Add(max(t.Expiry.Sub(now)/2, leastRetry))
}

// leastRetry parts the tries of a refresh that is being refused.
const leastRetry = 5 * time.Second

// Postpone sets the next try after 491, or while something is in the way.
func (t *SessionTimer) Postpone(now time.Time, wait time.Duration) {
	if !t.Refresh.IsZero() {
		t.Refresh = now.Add(wait)
	}
}

// Refreshing leaves the next try to Failed, Postpone or the peer's 2xx.
func (t *SessionTimer) Refreshing() { t.Refresh = t.Expiry }

// Stop ends the timer with its dialog.
func (t *SessionTimer) Stop() { t.Refresh, t.Expiry = time.Time{}, time.Time{} }

// Due says what is due at now: to refresh, or that the session has expired.
func (t *SessionTimer) Due(now time.Time) (refresh, expired bool) {
	if t.Expiry.IsZero() {
		return false, false
	}
	if !now.Before(t.Expiry) {
		return false, true
	}
	return !t.Refresh.IsZero() && !now.Before(t.Refresh), false
}

// Deadline returns when something is due next, or the zero time.
func (t *SessionTimer) Deadline() time.Time {
	if !t.Refresh.IsZero() && t.Refresh.Before(t.Expiry) {
		return t.Refresh
	}
	return t.Expiry
}

// SavedSessionTimer is a SessionTimer with what remains instead of deadlines, to
// be carried over a restart. RefreshIn and ExpiryIn mean something where
// Refreshes and Expires say so.
type SavedSessionTimer struct {
	Least, Interval     time.Duration
	Refreshes, Expires  bool
	RefreshIn, ExpiryIn time.Duration
	Asked               SessionRequest
}

// Save returns t as it stands at now, but for its terms.
func (t *SessionTimer) Save(now time.Time) SavedSessionTimer {
	s := SavedSessionTimer{Least: t.Least, Interval: t.Interval, Asked: t.Asked}
	if s.Refreshes = !t.Refresh.IsZero(); s.Refreshes {
		s.RefreshIn = t.Refresh.Sub(now)
	}
	if s.Expires = !t.Expiry.IsZero(); s.Expires {
		s.ExpiryIn = t.Expiry.Sub(now)
	}
	return s
}

// Resume returns the SessionTimer that goes on from s at now under terms. Time
// that passed in between does not count.
func (s SavedSessionTimer) Resume(now time.Time, terms SessionTerms) SessionTimer {
	t := SessionTimer{Terms: terms, Least: s.Least, Interval: s.Interval, Asked: s.Asked}
	if s.Refreshes {
		t.Refresh = now.Add(s.RefreshIn)
	}
	if s.Expires {
		t.Expiry = now.Add(s.ExpiryIn)
	}
	return t
}
