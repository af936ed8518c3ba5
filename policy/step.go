package policy

// Step is one thing that was looked at on the way to a decision. Rule, Looked
// and Result are constants; Value is what stood there, so building a step
// copies strings and formats nothing.
type Step struct {
	Rule   string // "R51", or "seam", "trunk", "plan" where no rule has a number
	Looked string // what was looked at: "called", "PAI"
	Value  string
	Result string // what followed: "passed", "stripped", "refused"
}

// typicalSteps fits every decision without growing.
const typicalSteps = 12

func steps(buffer []Step) []Step {
	if buffer == nil {
		return make([]Step, 0, typicalSteps)
	}
	return buffer[:0]
}
