package profile

import "strconv"

// Miss is an example that does not come out.
type Miss struct{ Rule, Number, Want, Got string }

// String says which example of which rule failed.
func (m Miss) String() string {
	return m.Rule + ": " + m.Number + " gives " + m.Got + ", its example says " + m.Want
}

// Check runs every example of every rule and returns how many there were and
// those that do not come out.
func (p *Profile) Check() (ran int, misses []Miss) {
	run := func(n int, found []Miss) {
		ran += n
		misses = append(misses, found...)
	}
	for i := range p.Ingress.Deny {
		run(p.Ingress.Deny[i].check("ingress.deny[" + strconv.Itoa(i) + "]"))
	}
	for i := range p.Egress.CLIMap {
		run(p.Egress.CLIMap[i].check("egress.cli_map[" + strconv.Itoa(i) + "]"))
	}
	for i := range p.Egress.Deny {
		run(p.Egress.Deny[i].check("egress.deny[" + strconv.Itoa(i) + "]"))
	}
	return ran, misses
}

func (r *DenyRule) check(rule string) (ran int, misses []Miss) {
	for _, e := range r.Examples {
		if got := r.verdict(e.Number); got != e.Want {
			misses = append(misses, Miss{rule, e.Number, string(e.Want), string(got)})
		}
	}
	return len(r.Examples), misses
}

func (r *MapRule) check(rule string) (ran int, misses []Miss) {
	for _, e := range r.Examples {
		if got := r.becomes(e.Number); got != e.Becomes {
			misses = append(misses, Miss{rule, e.Number, e.Becomes, got})
		}
	}
	return len(r.Examples), misses
}
