package header

import "strings"

// CallHeader is the name of the hint between border and core.
const CallHeader = "Sekisho-Call"

// CallKind says from which side of the carriers a call came.
type CallKind uint8

// The kinds; UnknownKind where the hint is silent.
const (
	UnknownKind CallKind = iota
	Mobile
	External
)

// String returns the parameter's value, or "" for UnknownKind.
func (k CallKind) String() string {
	switch k {
	case Mobile:
		return "mobile"
	case External:
		return "external"
	}
	return ""
}

// Call is the Sekisho-Call header that the border gives the core:
//
//	kind=mobile|external; carrier=au; tenant=t1; id=…; passes=10
//
// It is a hint, never needed, and stripped on every trunk. Empty fields are
// not written.
type Call struct {
	Kind    CallKind
	Carrier string
	Tenant  string
	ID      string
	// Passes are repeated by the core in what it sends for the call.
	Passes Passes
}

// ParseCall reads the fields in any order; unknown fields and kinds are left
// out.
func ParseCall(v string) (Call, error) {
	params, ok := parseParams(";" + v)
	if !ok || trimText(v) == "" {
		return Call{}, syntax(CallHeader)
	}
	var c Call
	switch kind, _ := params.Get("kind"); strings.ToLower(kind) {
	case "mobile":
		c.Kind = Mobile
	case "external":
		c.Kind = External
	}
	c.Carrier, _ = params.Get("carrier")
	c.Tenant, _ = params.Get("tenant")
	c.ID, _ = params.Get("id")
	passes, _ := params.Get("passes")
	c.Passes = ParsePasses(passes)
	return c, nil
}

// String writes the value; a field that is no token is quoted.
func (c Call) String() string {
	var b strings.Builder
	b.Grow(len("kind=external; carrier=; tenant=; id=; passes=10") + len(c.Carrier) + len(c.Tenant) + len(c.ID))
	for _, p := range [...]Param{{"kind", c.Kind.String()}, {"carrier", c.Carrier}, {"tenant", c.Tenant}, {"id", c.ID}, {"passes", c.Passes.String()}} {
		if p.Value != "" {
			if b.Len() > 0 {
				b.WriteString("; ")
			}
			b.WriteString(p.Name)
			b.WriteByte('=')
			b.WriteString(tokenOrQuote(p.Value))
		}
	}
	return b.String()
}
