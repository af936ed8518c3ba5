package number

import "strings"

const (
	homeCode            = "+81"
	internationalPrefix = "010"
	servicePrefix       = "8"
)

// Dialled is a bare dial string: digits, * and #, with an optional leading +.
type Dialled string

// CLIR is what the caller asked for this one call by prefix: 184 withholds
// the number, 186 presents it.
type CLIR uint8

// The wishes.
const (
	ByDefault CLIR = iota
	Withhold
	Present
)

// String returns the prefix, or "default".
func (c CLIR) String() string {
	switch c {
	case ByDefault:
		return "default"
	case Withhold:
		return "184"
	case Present:
		return "186"
	}
	return "clir?"
}

// CutService removes exactly one leading 8, the prefix by which a mobile
// calls through the service. No extension and no national number begins with
// 8, so nothing else is ever cut.
func (d Dialled) CutService() (rest Dialled, found bool) {
	s, found := strings.CutPrefix(string(d), servicePrefix)
	return Dialled(s), found
}

// CutCLIR removes one leading 184 or 186. Three digits are the special number
// itself and four are an extension (1840 to 1869), so a prefix needs at least
// two digits behind it.
func (d Dialled) CutCLIR() (CLIR, Dialled) {
	if len(d) < 5 {
		return ByDefault, d
	}
	switch d[:3] {
	case "184":
		return Withhold, d[3:]
	case "186":
		return Present, d[3:]
	}
	return ByDefault, d
}

// Number returns the canonical number. +81 and 010+81 become the national
// form, whether or not the trunk zero was left in; other countries become
// +CC….
func (d Dialled) Number() Number {
	s := string(d)
	// Each turn makes the text shorter, so spellings inside spellings
	// (+81010819…) end too.
	for {
		if rest, ok := strings.CutPrefix(s, homeCode); ok {
			switch {
			case isEmergency(rest):
				s = rest
			case rest == "" || rest[0] == '+':
				return Number{s, Invalid}
			case rest[0] == '0':
				s = rest
			default:
				s = "0" + rest
			}
			continue
		}
		rest, ok := strings.CutPrefix(s, internationalPrefix)
		if !ok || rest == "" || rest[0] < '1' || rest[0] > '9' {
			return Number{s, classify(s)}
		}
		s = "+" + rest
	}
}
