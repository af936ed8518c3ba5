package number

import "strings"

// Shown is what a mobile handset displays for a call through the service.
type Shown string

const maskDigits Shown = "99999999"

// Masked is shown to an au handset in place of a caller whom redialling could
// not reach safely.
func Masked() Shown { return maskDigits }

// Through returns 8 + the national form: dialled as it stands, it calls n back
// through the service. A foreign caller becomes 8010CC….
func (n Number) Through() Shown { return Shown(servicePrefix + n.National()) }

// Withheld says that a caller's number is not given, and why
// (3GPP TS 24.607, TS 29.163).
type Withheld uint8

// The reasons that handsets tell apart.
const (
	Given       Withheld = iota // the number is not withheld
	Anonymous                   // the caller's wish
	CoinLine                    // a payphone
	Unavailable                 // the network could not deliver it
	Interaction                 // lost to interworking with another service
)

// DisplayName returns the From display name by which the reason travels, ""
// for Given.
func (w Withheld) DisplayName() string {
	switch w {
	case Given:
		return ""
	case Anonymous:
		return "Anonymous"
	case CoinLine:
		return "Coin line/payphone"
	case Unavailable:
		return "Unavailable"
	case Interaction:
		return "Interaction with other service"
	}
	return "Unavailable"
}

// String returns a word for explanations.
func (w Withheld) String() string {
	if w == Given {
		return "given"
	}
	return w.DisplayName()
}

// WithheldBy reads the reason from a From display name. A name that is none of
// them gives Anonymous: the caller withheld the number and nothing else is
// known.
func WithheldBy(display string) Withheld {
	display = strings.Trim(display, "\" \t")
	for w := CoinLine; w <= Interaction; w++ {
		if strings.EqualFold(display, w.DisplayName()) {
			return w
		}
	}
	return Anonymous
}
