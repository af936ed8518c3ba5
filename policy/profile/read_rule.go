package profile

import (
	"sekisho/policy/document"
	"sekisho/policy/number"
)

const mostDigits = number.MaxDigits

// denyRules reads rules and runs each rule's examples on the spot, so that the
// fault stands at the example.
func denyRules(v document.Value) []DenyRule {
	var rules []DenyRule
	for _, item := range v.List() {
		m := item.Required().Map()
		r := DenyRule{
			Match: pattern(m.Key("match").Required()),
			Reason: enum(m.Key("reason").Required(), RefuseNotAllowed,
				RefuseEmergency, RefuseEmergencyLike, RefuseExt1000, RefuseNotAllowed, RefuseNoIntl, RefuseInvalid),
		}
		r.Examples = denyExamples(m.Key("examples").Required(), &r)
		rules = append(rules, r)
	}
	return rules
}

func denyExamples(v document.Value, r *DenyRule) []DenyExample {
	var list []DenyExample
	hit := false
	for digits, e := range v.Map().Each() {
		want := enum(e.Required(), VerdictDenied, VerdictDenied, VerdictPassed)
		got := r.verdict(digits)
		if got != want && !r.Match.isZero() {
			e.Faultf("the rule says %s", got)
		}
		hit = hit || want == VerdictDenied
		list = append(list, DenyExample{digits, want})
	}
	if !hit {
		v.Faultf("no example shows what the rule denies")
	}
	return list
}

func mapRules(v document.Value) []MapRule {
	var rules []MapRule
	for _, item := range v.List() {
		m := item.Required().Map()
		match, least, to := m.Key("match"), m.Key("min_digits"), m.Key("to").Required()
		r := MapRule{MinDigits: least.Int(0, 1, mostDigits), To: number.Shown(to.String(""))}
		if match.Present() == least.Present() {
			item.Faultf("needs either match or min_digits")
		}
		r.Match = pattern(match)
		if !shownDigits(r.To) {
			to.Faultf("is no number to show")
		}
		r.Examples = mapExamples(m.Key("examples").Required(), &r)
		rules = append(rules, r)
	}
	return rules
}

// mapExamples leaves a rule alone that has no condition: that is one fault
// already.
func mapExamples(v document.Value, r *MapRule) []MapExample {
	var list []MapExample
	conditional := r.MinDigits > 0 || !r.Match.isZero()
	hit := false
	for digits, e := range v.Map().Each() {
		want := e.Required().String("")
		hit = hit || r.Applies(digits)
		if got := r.becomes(digits); got != want && conditional {
			e.Faultf("the rule gives %s", got)
		}
		list = append(list, MapExample{digits, want})
	}
	if !hit && conditional {
		v.Faultf("no example shows what the rule maps")
	}
	return list
}

func pattern(v document.Value) Pattern {
	text := v.String("")
	if text == "" {
		return Pattern{}
	}
	p, err := ParsePattern(text)
	if err != nil {
		v.Faultf("%v", err)
	}
	return p
}

func shownDigits(s number.Shown) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) <= mostDigits
}
