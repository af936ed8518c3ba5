package header

// Passes counts how often a call has gone through the border, by direction: In
// toward the core, Out toward carriers. It is written as two digits.
type Passes struct{ In, Out int }

// ParsePasses reads what String wrote; anything else is no pass.
func ParsePasses(v string) Passes {
	if len(v) != 2 || !isDigit(v[0]) || !isDigit(v[1]) {
		return Passes{}
	}
	return Passes{int(v[0] - '0'), int(v[1] - '0')}
}

// String writes the counts, "" where both are zero.
func (p Passes) String() string {
	if p == (Passes{}) {
		return ""
	}
	return string([]byte{'0' + byte(min(max(p.In, 0), 9)), '0' + byte(min(max(p.Out, 0), 9))})
}

// Most returns the higher count of each direction.
func (p Passes) Most(q Passes) Passes { return Passes{max(p.In, q.In), max(p.Out, q.Out)} }
