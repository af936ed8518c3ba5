package header

import (
	"slices"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// Redirection is one time a call was passed on: what a Diversion value
// (RFC 5806) and a pair of History-Info entries (RFC 7044) both say. They are
// mapped as RFC 7544 has it.
type Redirection struct {
	// URI is of the party that passed the call on.
	URI string
	// Why is a word of RFC 5806 §6: unknown, user-busy, no-answer, unavailable,
	// unconditional, time-of-day, do-not-disturb, deflection, follow-me,
	// out-of-service or away.
	Why string
	// Times is at least 1; more stands for earlier redirections that nobody
	// names. It is at most maxTimes, whatever a peer writes.
	Times int
	// Private says that the party must not be shown to the one called.
	Private bool
}

const maxTimes = 100

// unnamed stands for a party that nobody names (RFC 7544 §6).
const unnamed = "sip:unknown@unknown.invalid"

// Redirections returns who passed a call on, latest first as in Diversion. Where
// a message has both headers and they differ, the one that tells more is
// taken, History-Info if both tell as much. What cannot be read is left out, and
// its times are counted to the next later one.
func Redirections(m sip.Message) []Redirection {
	diversions, history := fromDiversions(m), fromHistory(m)
	if Times(diversions) > Times(history) {
		return diversions
	}
	return history
}

// Times adds up how often a call was passed on.
func Times(rs []Redirection) int {
	n := 0
	for _, r := range rs {
		n += r.Times
	}
	return n
}

func fromDiversions(m sip.Message) []Redirection {
	var rs []Redirection
	for _, v := range Values(m, "Diversion") {
		a, err := ParseNameAddr(v)
		if err != nil {
			if len(rs) > 0 {
				rs[len(rs)-1].Times = min(rs[len(rs)-1].Times+1, maxTimes)
			}
			continue
		}
		d := Diversion{Party: a}
		rs = append(rs, Redirection{URI: a.URI, Why: word(d.Reason()), Times: d.Counter(), Private: d.Private()})
	}
	return rs
}

// word keeps the reasons of RFC 5806; another network's own mean nothing here.
func word(reason string) string {
	switch reason {
	case "user-busy", "no-answer", "unavailable", "unconditional", "time-of-day", "do-not-disturb", "deflection", "follow-me",
		"out-of-service", "away":
		return reason
	}
	return "unknown"
}

// fromHistory finds the entries that were reached by a diversion: those whose
// URI has a cause (RFC 4458), or whose predecessor has the Reason of RFC 4244
// escaped into it. Who diverted is the entry that mp names, else the parent.
func fromHistory(m sip.Message) []Redirection {
	entries, _ := History(m)
	private := slices.ContainsFunc(Values(m, "Privacy"), func(v string) bool {
		p, err := ParsePrivacy(v)
		return err == nil && p.Has("history")
	})
	var rs []Redirection
	nameless := 0
	for i, h := range entries {
		if i == 0 {
			continue
		}
		by := entries[parent(entries, i)]
		status := h.Cause()
		if status == 0 {
			if r, ok := by.Reason(); ok && strings.EqualFold(r.Protocol, "SIP") {
				status = r.Cause
			}
		}
		why, diverted := whyOf(status)
		switch {
		case !diverted:
		case unnamedParty(by):
			nameless = min(nameless+1, maxTimes-1)
		default:
			rs = append(rs, Redirection{URI: plain(by.Target.URI), Why: why, Times: 1 + nameless, Private: private || by.Private()})
			nameless = 0
		}
	}
	slices.Reverse(rs)
	return rs
}

// parent returns the entry that entry i came from: the one mp names, else the
// one whose index is i's without its last number, else the one before.
func parent(entries []HistoryEntry, i int) int {
	of, ok := entries[i].Target.Params.Get("mp")
	if !ok {
		dot := strings.LastIndexByte(entries[i].Index(), '.')
		of = entries[i].Index()[:max(dot, 0)]
	}
	for j := range i {
		if of != "" && entries[j].Index() == of {
			return j
		}
	}
	return i - 1
}

func unnamedParty(h HistoryEntry) bool {
	u, err := ParseURI(h.Target.URI)
	return err == nil && strings.EqualFold(u.Host, "unknown.invalid")
}

// plain is a URI without what History-Info adds to it.
func plain(uri string) string {
	u, err := ParseURI(uri)
	if err != nil {
		return uri
	}
	u.Headers, u.Params = "", u.Params.Without("cause", "target")
	return u.String()
}

// whyOf maps the cause of a retargeting; false is one that is no diversion, such
// as a route that was tried before.
func whyOf(status int) (string, bool) {
	switch status {
	case 302:
		return "unconditional", true
	case 486:
		return "user-busy", true
	case 408:
		return "no-answer", true
	case 480, 487:
		return "deflection", true
	case 503:
		return "unavailable", true
	case 404:
		return "unknown", true
	}
	return "", false
}

// statusOf is whyOf the other way; what History-Info has no word for is 404.
func statusOf(why string) int {
	switch why {
	case "unconditional":
		return 302
	case "user-busy":
		return 486
	case "no-answer":
		return 408
	case "deflection":
		return 480
	case "unavailable":
		return 503
	}
	return 404
}

// String writes the Diversion value.
func (r Redirection) String() string {
	v := "<" + r.URI + ">;reason=" + word(r.Why) + ";counter=" + strconv.Itoa(max(r.Times, 1))
	if r.Private {
		v += ";privacy=full"
	}
	return v
}

// HistoryOf writes redirections, latest first, as the values of History-Info
// that end in target. Times beyond the first are entries without a name in
// front of theirs (RFC 7544 §6), so that as many diversions are counted.
func HistoryOf(rs []Redirection, target string) []string {
	if len(rs) == 0 {
		return nil
	}
	var values []string
	index, mp, status := "1", "", 0
	entry := func(uri string, private bool) {
		v := "<" + uri
		if status != 0 {
			v += ";cause=" + strconv.Itoa(status)
		}
		if private {
			v += "?Privacy=history"
		}
		v += ">;index=" + index
		if mp != "" {
			v += ";mp=" + mp
		}
		values = append(values, v)
		mp, index = index, index+".1"
	}
	for _, r := range slices.Backward(rs) {
		for range max(r.Times, 1) - 1 {
			entry(unnamed, false)
			status = statusOf("unknown")
		}
		entry(r.URI, r.Private)
		status = statusOf(r.Why)
	}
	entry(target, false)
	return values
}
