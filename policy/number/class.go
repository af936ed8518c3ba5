package number

import "strings"

// Class is what a number is in the plan.
type Class uint8

// The classes. Invalid is the zero value: what nobody classified is refused.
const (
	Invalid       Class = iota // no shape of the plan
	TooShort                   // the beginning of a shape (484 instead of 404)
	Extension                  // [1-3]XXX
	ParkSlot                   // 701 to 799
	Pickup                     // 9 + extension
	Mask                       // 99999999, the number an au handset is shown instead of some callers
	Emergency                  // 110, 118, 119
	Special                    // other 1XY
	Fixed                      // 0AB to J, 10 digits
	Mobile                     // 060 070 080 090, 11 digits
	IPPhone                    // 050, 11 digits
	FreeDial                   // 0120, 10 digits, and 0800, 11 digits
	Navi                       // 0570, 10 digits
	International              // 010…, +CC…
	CarrierSelect              // 00XY
	M2M                        // 020: machines and pagers
	Premium                    // 0990
	Information                // 0170, 0180: recorded and mass-call services
	classes
)

// String returns the word used in profiles, explanations and metrics.
func (c Class) String() string {
	switch c {
	case Invalid:
		return "invalid"
	case TooShort:
		return "too_short"
	case Extension:
		return "extension"
	case ParkSlot:
		return "park_slot"
	case Pickup:
		return "pickup"
	case Mask:
		return "mask"
	case Emergency:
		return "emergency"
	case Special:
		return "special"
	case Fixed:
		return "fixed"
	case Mobile:
		return "mobile"
	case IPPhone:
		return "ip_phone"
	case FreeDial:
		return "free_dial"
	case Navi:
		return "navi"
	case International:
		return "international"
	case CarrierSelect:
		return "carrier_select"
	case M2M:
		return "m2m"
	case Premium:
		return "premium"
	case Information:
		return "information"
	}
	return "class?"
}

// ParseClass is the inverse of Class.String.
func ParseClass(word string) (Class, bool) {
	for c := Invalid; c < classes; c++ {
		if c.String() == word {
			return c, true
		}
	}
	return Invalid, false
}

// External reports whether numbers of this class lie outside the tenant.
func (c Class) External() bool { return c >= Emergency }

// Ordinary reports the external classes that every tenant may call: they cost
// an ordinary rate and end at an ordinary telephone.
func (c Class) Ordinary() bool { return c >= Fixed && c <= Navi }

// Grantable reports the external classes that are refused unless a profile
// allows them by name. Emergency is not among them.
func (c Class) Grantable() bool { return c == Special || c >= International && c < classes }

// classify takes canonical text: digits, or + and digits that are not +81.
func classify(s string) Class {
	if s == "" {
		return TooShort
	}
	if s[0] == '+' {
		return classifyForeign(s[1:])
	}
	if !allDigits(s) {
		return Invalid
	}
	if s[0] == '0' {
		return classifyNational(s)
	}
	return classifyShort(s)
}

// classifyForeign: at most 15 digits, country codes begin with 1 to 9
// (ITU-T E.164 §6). A short one is not told apart: whether abroad may be
// called at all is the first question.
func classifyForeign(digits string) Class {
	if digits == "" || len(digits) > 15 || digits[0] == '0' || !allDigits(digits) {
		return Invalid
	}
	return International
}

func classifyNational(s string) Class {
	switch {
	case strings.HasPrefix(s, "00"):
		return CarrierSelect
	case strings.HasPrefix(s, "010"):
		return International
	case strings.HasPrefix(s, "020"):
		return M2M
	case strings.HasPrefix(s, "0990"):
		return Premium
	case strings.HasPrefix(s, "0170"), strings.HasPrefix(s, "0180"):
		return Information
	case strings.HasPrefix(s, "0120"):
		return sized(s, 10, FreeDial)
	case strings.HasPrefix(s, "0570"):
		return sized(s, 10, Navi)
	case strings.HasPrefix(s, "0800"):
		return sized(s, 11, FreeDial)
	case strings.HasPrefix(s, "050"):
		return sized(s, 11, IPPhone)
	case strings.HasPrefix(s, "060"), strings.HasPrefix(s, "070"),
		strings.HasPrefix(s, "080"), strings.HasPrefix(s, "090"):
		return sized(s, 11, Mobile)
	}
	return sized(s, 10, Fixed)
}

// classifyShort handles everything that begins with 1 to 9 and has no +. The
// shapes differ in length or in the first digit, so none hides another.
func classifyShort(s string) Class {
	first := s[0]
	switch {
	case s == string(maskDigits):
		return Mask
	case len(s) < 3:
		return TooShort
	case first == '1' && len(s) == 3:
		if isEmergency(s) {
			return Emergency
		}
		return Special
	case first <= '3' && len(s) == 3:
		return TooShort
	case first <= '3' && len(s) == 4:
		return Extension
	case first == '7' && len(s) == 3 && s != "700":
		return ParkSlot
	case first == '9' && len(s) < 5:
		return TooShort
	case first == '9' && len(s) == 5 && '1' <= s[1] && s[1] <= '3':
		return Pickup
	}
	return Invalid
}

func sized(s string, want int, c Class) Class {
	switch {
	case len(s) < want:
		return TooShort
	case len(s) > want:
		return Invalid
	}
	return c
}

func isEmergency(s string) bool { return s == "110" || s == "118" || s == "119" }

func allDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
