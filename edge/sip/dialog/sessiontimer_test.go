package dialog

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/header"
)

// said is what a message says of session timers.
func said(m sip.Message) string {
	var words []string
	for _, name := range []string{"Session-Expires", "Min-SE", "Require"} {
		if v := header.First(m, name); v != "" {
			words = append(words, v)
		}
	}
	return strings.Join(words, " ")
}

func timed(lines ...string) string {
	return strings.Replace(invite, "Content-Length", strings.Join(append(lines, "Content-Length"), "\n"), 1) + "\n"
}

var terms = SessionTerms{Expires: 1800 * time.Second, MinSE: 120 * time.Second, Refresher: header.UAC}

// schedule tells when a timer refreshes and when it expires, in seconds.
func schedule(t *SessionTimer, now time.Time) string {
	if t.Expiry.IsZero() {
		return "never"
	}
	s := fmt.Sprintf("expires %v", t.Expiry.Sub(now).Seconds())
	if !t.Refresh.IsZero() {
		s = fmt.Sprintf("refreshes %v ", t.Refresh.Sub(now).Seconds()) + s
	}
	return s
}

func TestSessionTimerUAS(t *testing.T) {
	asUAS := terms
	asUAS.Refresher = header.UAS
	for _, test := range []struct {
		name, sentence string
		terms          SessionTerms
		lines          []string
		want, schedule string
	}{
		{"echo", `"If the UAS wishes to accept the request, it copies the value of the Session-Expires header field from the request into the 2xx response" (RFC 4028 §9)`,
			terms, []string{"Supported: timer", "Session-Expires: 300;refresher=uac"}, "300;refresher=uac timer", "expires 268"},
		{"they choose us", `table 2: the request's refresher stays (§9)`,
			terms, []string{"Supported: 100rel, timer", "Session-Expires: 300;refresher=uas"}, "300;refresher=uas timer", "refreshes 150 expires 268"},
		{"reduced", `"The UAS response MAY reduce its value" (§9)`,
			terms, []string{"Supported: timer", "Session-Expires: 7200;refresher=uac"}, "1800;refresher=uac timer", "expires 1768"},
		{"reduced to Min-SE", `"MUST NOT set it to a duration lower than the value in the Min-SE header field in the request" (§9)`,
			terms, []string{"Supported: timer", "Session-Expires: 7200;refresher=uac", "Min-SE: 3600"}, "3600;refresher=uac timer", "expires 3568"},
		{"our choice", `table 2: refresher not set, "uas or uac" (§9)`,
			terms, []string{"Supported: timer", "Session-Expires: 300"}, "300;refresher=uac timer", "expires 268"},
		{"our choice, uas", `table 2 (§9)`,
			asUAS, []string{"Supported: timer", "Session-Expires: 300"}, "300;refresher=uas timer", "refreshes 150 expires 268"},
		{"none asked", `"If the incoming request does not contain a Session-Expires header field, the UAS MAY include [...] one" (§9)`,
			terms, []string{"Supported: timer"}, "1800;refresher=uac timer", "expires 1768"},
		{"asked by a proxy", `table 2: UAC does not support it, "uas"; no Require (§9)`,
			terms, []string{"Session-Expires: 300"}, "300;refresher=uas", "refreshes 150 expires 268"},
		{"a third is less than 32 s", `"the minimum of 32 seconds and one third of the session interval" (§10)`,
			terms, []string{"Session-Expires: 90"}, "90;refresher=uas", "refreshes 45 expires 60"},
		{"unknown to the peer", `nobody asks: no timer`, terms, nil, "", "never"},
		{"off", `an extension that is off is not there`, SessionTerms{}, []string{"Supported: timer", "Session-Expires: 300"}, "", "never"},
		{"unreadable", `the call is worth more than its timer`, terms, []string{"Supported: timer", "Session-Expires: soon"}, "1800;refresher=uac timer", "expires 1768"},
	} {
		t.Run(test.name, func(t *testing.T) {
			now := time.Unix(1000, 0)
			r := parse(t, timed(test.lines...)).(*sip.Request)
			timer := SessionTimer{Terms: test.terms}
			if least := timer.Received(r); least != 0 {
				t.Fatalf("%s\nrefused with Min-SE %v", test.sentence, least)
			}
			res := sip.NewResponse(200, "OK")
			timer.Accept(now, res)
			if got := said(res); got != test.want {
				t.Errorf("%s\nanswered %q, want %q", test.sentence, got, test.want)
			}
			if got := schedule(&timer, now); got != test.schedule {
				t.Errorf("%s\n%s, want %s", test.sentence, got, test.schedule)
			}
		})
	}
}

// "If an incoming request contains a Supported header field with a value
// 'timer' and a Session-Expires header field, the UAS MAY reject the INVITE
// request with a 422 [...] if the session interval in the Session-Expires
// header field is smaller than the minimum interval defined by the UAS' local
// policy" (RFC 4028 §9): not from one that would not understand it.
func TestSessionTimerTooSmall(t *testing.T) {
	for _, test := range []struct {
		lines []string
		least time.Duration
	}{
		{[]string{"Supported: timer", "Session-Expires: 119"}, 120 * time.Second},
		{[]string{"Supported: timer", "Session-Expires: 120"}, 0},
		{[]string{"Supported: timer", "Session-Expires: 1"}, 120 * time.Second},
		{[]string{"Session-Expires: 100"}, 0},
		{[]string{"Supported: timer"}, 0},
	} {
		timer := SessionTimer{Terms: terms}
		if got := timer.Received(parse(t, timed(test.lines...)).(*sip.Request)); got != test.least {
			t.Errorf("%v: Min-SE %v, want %v", test.lines, got, test.least)
		}
	}
}

func TestSessionTimerUAC(t *testing.T) {
	for _, test := range []struct {
		name, sentence string
		lines          []string
		want, again    string
	}{
		{"ours", `§7.2`, []string{"Session-Expires: 1800;refresher=uac"}, "refreshes 900 expires 1768", "1800;refresher=uac 120"},
		{"theirs, shorter", `§7.2`, []string{"Session-Expires: 300;refresher=uas"}, "expires 268", "300;refresher=uas 120"},
		{"not named", `a 2xx must name it (§9); one that does not leaves what we asked for`, []string{"Session-Expires: 300"}, "refreshes 150 expires 268", "300;refresher=uac 120"},
		{"none", `"If the 2xx response did not contain a Session-Expires header field, there is no session expiration" (§7.2)`, nil, "never", "1800;refresher=uac 120"},
		{"zero", `a session of no time is none`, []string{"Session-Expires: 0;refresher=uac", "Supported: timer"}, "never", "1800;refresher=uac 120"},
		{"too short", `"the absolute minimum [...] is 90 seconds" (§4)`, []string{"Session-Expires: 1;refresher=uac"}, "refreshes 45 expires 60", "90;refresher=uac 120"},
	} {
		t.Run(test.name, func(t *testing.T) {
			now := time.Unix(1000, 0)
			timer := SessionTimer{Terms: terms}
			first := sip.NewRequest(sip.INVITE, sip.Uri{Host: "b.example"})
			timer.Request(first)
			if got := said(first); got != "1800;refresher=uac 120" {
				t.Fatalf("asked %q", got)
			}
			res := sip.NewResponse(200, "OK")
			for _, l := range test.lines {
				name, value, _ := strings.Cut(l, ": ")
				res.AppendHeader(sip.NewHeader(name, value))
			}
			timer.Accepted(now, res)
			if got := schedule(&timer, now); got != test.want {
				t.Errorf("%s\n%s, want %s", test.sentence, got, test.want)
			}
			again := sip.NewRequest(sip.INVITE, sip.Uri{Host: "b.example"})
			timer.Request(again)
			if got := said(again); got != test.again {
				t.Errorf("%s\nthe refresh asks %q, want %q", test.sentence, got, test.again)
			}
			saved := timer.Save(now)
			later := now.Add(time.Hour)
			resumed := saved.Resume(later, terms)
			if got := schedule(&resumed, later); got != test.want {
				t.Errorf("after a restart %s, want %s", got, test.want)
			}
		})
	}
}

// A 422 names the Min-SE to come again with (RFC 4028 §7.3); a peer that says
// the same once more is not asked for ever.
func TestSessionTimerLengthen(t *testing.T) {
	timer := SessionTimer{Terms: terms}
	tooSmall := func(least string) *sip.Response {
		r := sip.NewResponse(422, "Session Interval Too Small")
		r.AppendHeader(sip.NewHeader("Min-SE", least))
		return r
	}
	for _, step := range []struct {
		least string
		again bool
		asks  string
	}{
		{"3600", true, "3600;refresher=uac 3600"},
		{"3600", false, "3600;refresher=uac 3600"},
		{"90", false, "3600;refresher=uac 3600"},
		{"4294967295", true, "86400;refresher=uac 86400"},
		{"4294967295", false, "86400;refresher=uac 86400"},
		{"x", false, "86400;refresher=uac 86400"},
	} {
		if got := timer.Lengthen(tooSmall(step.least)); got != step.again {
			t.Fatalf("422 with Min-SE %s: ask again %v", step.least, got)
		}
		r := sip.NewRequest(sip.INVITE, sip.Uri{Host: "b.example"})
		timer.Request(r)
		if got := said(r); got != step.asks {
			t.Fatalf("after Min-SE %s: %q, want %q", step.least, got, step.asks)
		}
	}
}

// "the UAC SHOULD NOT continuously retry the request if the server indicates the
// same error response" (RFC 4028 §7.4).
func TestSessionTimerFailed(t *testing.T) {
	now := time.Unix(1000, 0)
	timer := SessionTimer{Terms: terms}
	timer.start(now, 90*time.Second)
	timer.half(now)
	tries := 0
	for {
		now = timer.Deadline()
		refresh, expired := timer.Due(now)
		if expired {
			break
		}
		if !refresh {
			t.Fatal("nothing is due at the deadline")
		}
		tries++
		timer.Refreshing()
		timer.Failed(now)
	}
	if tries != 3 || now.Sub(time.Unix(1000, 0)) != time.Minute {
		t.Fatalf("%d tries, expired after %v", tries, now.Sub(time.Unix(1000, 0)))
	}
}
