package header

import (
	"strings"

	"github.com/emiago/sipgo/sip"
)

// Diversion is one diverting party (RFC 5806 §5), latest first in a message.
type Diversion struct {
	Party NameAddr
}

// Diversions returns the diversions of a message; malformed ones are left out
// and reported.
func Diversions(m sip.Message) ([]Diversion, error) {
	list, err := addresses(Values(m, "Diversion"))
	var diversions []Diversion
	for _, a := range list {
		diversions = append(diversions, Diversion{Party: a})
	}
	return diversions, err
}

// String writes the value.
func (d Diversion) String() string { return d.Party.String() }

// Reason returns unknown, user-busy, no-answer, unavailable, unconditional… in
// lower case; unknown where the parameter is absent.
func (d Diversion) Reason() string {
	if v, ok := d.Party.Params.Get("reason"); ok && v != "" {
		return strings.ToLower(v)
	}
	return "unknown"
}

// Counter returns how many diversions this entry stands for, at least 1.
func (d Diversion) Counter() int {
	v, _ := d.Party.Params.Get("counter")
	n, _ := decimal(v, 100)
	return max(1, int(n))
}

// Private reports that the party must not be shown: privacy is full, uri or
// name.
func (d Diversion) Private() bool {
	v, ok := d.Party.Params.Get("privacy")
	return ok && !strings.EqualFold(v, "off")
}

// HistoryEntry is one hi-entry of History-Info (RFC 7044 §5).
type HistoryEntry struct {
	Target NameAddr
}

// History returns the entries of a message in their order, first target first;
// malformed ones are left out and reported.
func History(m sip.Message) ([]HistoryEntry, error) {
	list, err := addresses(Values(m, "History-Info"))
	var entries []HistoryEntry
	for _, a := range list {
		entries = append(entries, HistoryEntry{Target: a})
	}
	return entries, err
}

// String writes the value.
func (h HistoryEntry) String() string { return h.Target.String() }

// Index returns the entry's place in the tree, such as "1.1".
func (h HistoryEntry) Index() string {
	v, _ := h.Target.Params.Get("index")
	return v
}

// Cause returns the reason for retargeting to this entry: the cause parameter
// of its URI (RFC 4458 §2), or 0.
func (h HistoryEntry) Cause() int {
	u, err := ParseURI(h.Target.URI)
	if err != nil {
		return 0
	}
	v, _ := u.Params.Get("cause")
	n, _ := decimal(v, 999)
	return int(n)
}

// Reason returns the Reason that is escaped into the URI: why the target of
// this entry was left (RFC 7044 §5).
func (h HistoryEntry) Reason() (Reason, bool) {
	v, ok := h.embedded("Reason")
	if !ok {
		return Reason{}, false
	}
	r, err := ParseReason(v)
	return r, err == nil
}

// Private reports that the entry must not leave the trust domain: a Privacy
// header with any value but none is escaped into the URI.
func (h HistoryEntry) Private() bool {
	v, ok := h.embedded("Privacy")
	return ok && !strings.EqualFold(v, "none")
}

// embedded finds a header among those behind the "?" of the URI.
func (h HistoryEntry) embedded(name string) (string, bool) {
	u, err := ParseURI(h.Target.URI)
	if err != nil {
		return "", false
	}
	for kv := range strings.SplitSeq(u.Headers, "&") {
		k, v, _ := strings.Cut(kv, "=")
		if !strings.EqualFold(k, name) {
			continue
		}
		return unescape(v)
	}
	return "", false
}
