package header

import "strings"

// Privacy is the set of priv-values of RFC 3323 §4.2 and RFC 3325 §9.3: none,
// header, session, user, critical, id, history; in lower case.
type Privacy []string

// ParsePrivacy reads priv-value *(";" priv-value). A comma between values,
// which old equipment writes, is taken for a semicolon.
func ParsePrivacy(v string) (Privacy, error) {
	var p Privacy
	for s := range strings.FieldsFuncSeq(v, func(r rune) bool { return r == ';' || r == ',' }) {
		s = strings.ToLower(trimText(s))
		if !allToken(s) {
			return nil, syntax("Privacy")
		}
		p = append(p, s)
	}
	if len(p) == 0 {
		return nil, syntax("Privacy")
	}
	return p, nil
}

// String writes the values behind one another with semicolons.
func (p Privacy) String() string { return strings.Join(p, ";") }

// Has reports whether a value is among them; value is lower case.
func (p Privacy) Has(value string) bool {
	for _, v := range p {
		if v == value {
			return true
		}
	}
	return false
}
