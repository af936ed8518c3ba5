package provision

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"sekisho/edge/config"
)

// Level is how much a finding matters.
type Level uint8

// The levels. Ask is for what no file can show.
const (
	OK Level = iota
	Ask
	Warn
	Error
)

// String returns the word the report is printed with.
func (l Level) String() string { return [...]string{"ok", "ask", "warn", "error"}[l] }

// Finding is one line of the report.
type Finding struct {
	Level Level
	// Rule is the SPEC's, as in "R50".
	Rule string
	Text string
}

// String returns the finding as a line.
func (f Finding) String() string { return fmt.Sprintf("  %-5s %-4s %s", f.Level, f.Rule, f.Text) }

// Tenant is the report about one tenant.
type Tenant struct {
	Name, Summary string
	Findings      []Finding
}

// String returns the report as lines, each ended.
func (t Tenant) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "tenant %s", t.Name)
	if t.Summary != "" {
		fmt.Fprintf(&s, ": %s", t.Summary)
	}
	s.WriteByte('\n')
	for _, f := range t.Findings {
		fmt.Fprintln(&s, f)
	}
	return s.String()
}

// ruleCited finds the rule that a fault's message ends with.
var ruleCited = regexp.MustCompile(`\((R\d+b?)\)`)

// Broken reports the rules that faults of a configuration break, by tenant.
// Faults that cite no rule are left to the list of faults itself.
func Broken(faults config.Faults) []Tenant {
	var tenants []Tenant
	for _, f := range faults {
		rest, ours := strings.CutPrefix(f.Key, "tenants.")
		cited := ruleCited.FindStringSubmatch(f.Message)
		if !ours || cited == nil {
			continue
		}
		name, where, _ := strings.Cut(rest, ".")
		i := slices.IndexFunc(tenants, func(t Tenant) bool { return t.Name == name })
		if i < 0 {
			i, tenants = len(tenants), append(tenants, Tenant{Name: name})
		}
		tenants[i].Findings = append(tenants[i].Findings, Finding{Error, cited[1], where + ", line " + strconv.Itoa(f.Line) + ": " + strings.Replace(f.Message, " "+cited[0], "", 1)})
	}
	for _, t := range tenants {
		slices.SortStableFunc(t.Findings, func(a, b Finding) int { return cmp.Compare(order(a.Rule), order(b.Rule)) })
	}
	return tenants
}

// order is a rule's place in the SPEC.
func order(rule string) int {
	n, err := strconv.Atoi(strings.Trim(rule, "Rb"))
	if err != nil {
		return 0
	}
	return n
}
