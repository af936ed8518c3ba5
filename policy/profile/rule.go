package profile

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"

	"sekisho/policy/number"
)

// Refusal is the reason a deny rule gives, in the words of the response table.
type Refusal string

// The reasons a profile may give.
const (
	RefuseEmergency     Refusal = "EMERGENCY"
	RefuseEmergencyLike Refusal = "EMERGENCY_LIKE" // EXT1000, then the first sentence of EMERGENCY
	RefuseExt1000       Refusal = "EXT1000"
	RefuseNotAllowed    Refusal = "NOT_ALLOWED"
	RefuseNoIntl        Refusal = "NO_INTL"
	RefuseInvalid       Refusal = "INVALID"
)

// Pattern is an anchored regular expression over a number's digits.
type Pattern struct{ expression *regexp.Regexp }

const maxPattern = 200

// ParsePattern compiles s. It must match whole numbers only: ^ in front and $
// behind, around everything. 110 is an emergency number and 0110111234 is a
// line in Sapporo, so a pattern that may match a part is a fault.
func ParsePattern(s string) (Pattern, error) {
	if len(s) > maxPattern {
		return Pattern{}, errors.New("pattern is too long")
	}
	tree, err := syntax.Parse(s, syntax.Perl)
	if err != nil {
		return Pattern{}, fmt.Errorf("pattern: %w", err)
	}
	if tree.Op != syntax.OpConcat || tree.Sub[0].Op != syntax.OpBeginText || tree.Sub[len(tree.Sub)-1].Op != syntax.OpEndText {
		return Pattern{}, errors.New("pattern must begin with ^ and end with $, alternatives in brackets")
	}
	expression, err := regexp.Compile(s)
	if err != nil {
		return Pattern{}, fmt.Errorf("pattern: %w", err)
	}
	return Pattern{expression}, nil
}

// String returns the pattern as written.
func (p Pattern) String() string {
	if p.expression == nil {
		return ""
	}
	return p.expression.String()
}

// Match reports whether the whole of s matches. The zero Pattern matches
// nothing.
func (p Pattern) Match(s string) bool { return p.expression != nil && p.expression.MatchString(s) }

func (p Pattern) isZero() bool { return p.expression == nil }

// DenyRule refuses numbers.
type DenyRule struct {
	Match    Pattern
	Reason   Refusal
	Examples []DenyExample
}

// DenyExample says what the rule, alone, makes of a number.
type DenyExample struct {
	Number string
	Want   Verdict
}

// Verdict is what one deny rule makes of one number.
type Verdict string

// The verdicts.
const (
	VerdictDenied Verdict = "denied"
	VerdictPassed Verdict = "passed"
)

func (r *DenyRule) verdict(digits string) Verdict {
	if r.Match.Match(digits) {
		return VerdictDenied
	}
	return VerdictPassed
}

// Denied returns the first rule that refuses digits, or nil.
func Denied(rules []DenyRule, digits string) *DenyRule {
	for i := range rules {
		if rules[i].Match.Match(digits) {
			return &rules[i]
		}
	}
	return nil
}

// MapRule replaces a caller's number by another. Exactly one of Match and
// MinDigits is set.
type MapRule struct {
	Match     Pattern
	MinDigits int // counted on the national form without the 8, foreign numbers with 010
	To        number.Shown
	Examples  []MapExample
}

// MapExample says what the rule, alone, makes of a number.
type MapExample struct{ Number, Becomes string }

// Applies reports whether the rule replaces the number of this national form.
func (r *MapRule) Applies(national string) bool {
	if r.MinDigits > 0 {
		return len(national) >= r.MinDigits
	}
	return r.Match.Match(national)
}

func (r *MapRule) becomes(national string) string {
	if r.Applies(national) {
		return string(r.To)
	}
	return national
}

// Mapped returns the first rule of the caller map that applies, or nil.
func (e *Egress) Mapped(national string) *MapRule {
	for i := range e.CLIMap {
		if e.CLIMap[i].Applies(national) {
			return &e.CLIMap[i]
		}
	}
	return nil
}
