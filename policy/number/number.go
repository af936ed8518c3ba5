package number

import (
	"fmt"
	"strings"
)

// Number is a telephone number in the one spelling used inside, with its
// class. Numbers compare with ==. The zero Number is none at all.
type Number struct {
	text  string
	class Class
}

// Parse reads a number as an operator writes it in a configuration:
// "0300000100", "+12025550123", "2001". It fails for what the plan does not
// know.
func Parse(s string) (Number, error) {
	d, err := URIUser{User: s}.Dialled()
	if err != nil {
		return Number{}, err
	}
	n := d.Number()
	if n.class <= TooShort {
		return Number{}, fmt.Errorf("%q is %s in the number plan", s, strings.ReplaceAll(n.class.String(), "_", " "))
	}
	return n, nil
}

// String returns the canonical text: national 0…, extension, special 1XY or
// +CC….
func (n Number) String() string { return n.text }

// Class returns the number's class.
func (n Number) Class() Class { return n.class }

// IsZero reports whether n is no number at all.
func (n Number) IsZero() bool { return n.text == "" }

// Abroad reports whether n is written +CC….
func (n Number) Abroad() bool { return n.text != "" && n.text[0] == '+' }

// National returns the form dialled inside Japan: 0…, 010CC… for a foreign
// number, and short numbers as they are.
func (n Number) National() string {
	if n.Abroad() {
		return internationalPrefix + n.text[1:]
	}
	return n.text
}

// NationalDigits returns the length of National without building it.
func (n Number) NationalDigits() int {
	if n.Abroad() {
		return len(internationalPrefix) + len(n.text) - 1
	}
	return len(n.text)
}

// E164 returns +81… or +CC…, and false for a number that has no such form
// (extensions, 1XY, 00XY).
func (n Number) E164() (string, bool) {
	switch {
	case n.Abroad():
		return n.text, true
	case len(n.text) > 2 && n.text[0] == '0' && n.text[1] != '0':
		return homeCode + n.text[1:], true
	}
	return "", false
}

// longestCaller is 010 and the fifteen digits of E.164.
const longestCaller = len(internationalPrefix) + 15

// Caller reports whether an outside caller can have this number: a national
// 0… as long as a number of the plan or longer, a foreign number, or an
// emergency body calling back. Anything shorter would be shown as one of the
// tenant's own extensions, slots or codes, and dialling it back would reach
// that; +81 in front of an extension (0 + four digits) would show it. What is
// longer than any number is none.
func (n Number) Caller() bool {
	switch n.class {
	case Emergency:
		return true
	case International:
		return n.Abroad() // 0100… leads nowhere
	case TooShort:
		return false
	}
	return len(n.text) > 1 && len(n.text) <= longestCaller && n.text[0] == '0' && allDigits(n.text)
}

// ExtensionNumber is a tenant's extension, [1-3]XXX: not a telephone number
// of the public plan, and not to be mixed up with the MSISDN of its mobile.
type ExtensionNumber string

// ParseExtension accepts exactly four digits that begin with 1, 2 or 3.
func ParseExtension(s string) (ExtensionNumber, error) {
	if classify(s) != Extension {
		return "", fmt.Errorf("%q is no extension (1000 to 3999)", s)
	}
	return ExtensionNumber(s), nil
}

// Number returns the extension as a Number.
func (e ExtensionNumber) Number() Number { return Number{string(e), classify(string(e))} }

// ForMobile reports whether a mobile may have this extension: 2000 to 3999,
// for every carrier.
func (e ExtensionNumber) ForMobile() bool { return len(e) == 4 && (e[0] == '2' || e[0] == '3') }

// EmergencyLike reports 110X, 118X and 119X: dialled from an au mobile they
// may reach the police, the coast guard or the fire brigade.
func (e ExtensionNumber) EmergencyLike() bool { return EmergencyLike(string(e)) }

// EmergencyLike reports whether s is an emergency number and one digit more.
func EmergencyLike(s string) bool {
	return len(s) == 4 && isEmergency(s[:3]) && allDigits(s)
}
