package header

import "strings"

// Replaces names a dialog that an INVITE is to take over (RFC 3891 §6.1). The tags
// are as whoever receives it has them: to-tag is its own.
type Replaces struct {
	CallID, ToTag, FromTag string
	EarlyOnly              bool
}

// ParseReplaces reads callid *(SEMI replaces-param), with one to-tag and one
// from-tag.
func ParseReplaces(v string) (Replaces, error) {
	id, rest, _ := strings.Cut(trimText(v), ";")
	params, ok := parseParams(";" + rest)
	r := Replaces{CallID: trimText(id), EarlyOnly: params.Has("early-only")}
	var to, from int
	for _, p := range params {
		switch {
		case strings.EqualFold(p.Name, "to-tag"):
			r.ToTag, to = p.Value, to+1
		case strings.EqualFold(p.Name, "from-tag"):
			r.FromTag, from = p.Value, from+1
		}
	}
	if !ok || to != 1 || from != 1 || r.CallID == "" || r.ToTag == "" || r.FromTag == "" || strings.ContainsAny(r.CallID, " \t,") {
		return Replaces{}, syntax("Replaces")
	}
	return r, nil
}

// String writes the value.
func (r Replaces) String() string {
	v := r.CallID + ";to-tag=" + r.ToTag + ";from-tag=" + r.FromTag
	if r.EarlyOnly {
		v += ";early-only"
	}
	return v
}
