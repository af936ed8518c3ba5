package main

import (
	"flag"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"sekisho/edge/config"
	"sekisho/policy"
	"sekisho/policy/number"
)

// explainCommand asks policy about one call and prints every step of the
// answer. Without a file it asks the sample configuration.
func explainCommand(args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet("explain", flag.ContinueOnError)
	file := f.String("config", "", "configuration `file`; default: the built-in sample")
	on := f.String("trunk", "", "the trunk the call comes from, or core for a call of the core's")
	tenant := f.String("tenant", "", "with -trunk core: the tenant; default: the first")
	from := f.String("from", "", "the caller's number, as asserted (P-Asserted-Identity); empty: none")
	to := f.String("to", "", "the number dialled, as in the Request-URI")
	privacy := f.String("privacy", "", "value of Privacy, as in id")
	if status, done := parse(f, "explain [-config FILE] -trunk NAME -from NUMBER -to NUMBER", args, stderr); done {
		return status
	}
	if *on == "" || *to == "" || f.NArg() != 0 {
		f.Usage()
		return 2
	}
	c, err := loadOrSample(*file)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	tables, err := c.Tables()
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	call := asked{config: c, tables: tables, from: identities(*from), to: number.URIUser{User: *to}, privacy: *privacy}
	if *on == "core" {
		domain, ok := domainOf(c, *tenant)
		if !ok {
			fmt.Fprintf(stderr, "sekisho: no tenant %q\n", *tenant)
			return 1
		}
		call.toCarrier(stdout, domain)
		return 0
	}
	id := tables.TrunkNamed(*on)
	if id == policy.NoTrunk {
		fmt.Fprintf(stderr, "sekisho: no trunk %q; there are %s\n", *on, trunkNames(c))
		return 1
	}
	call.fromCarrier(stdout, id)
	return 0
}

// asked is one question.
type asked struct {
	config  *config.Config
	tables  *policy.Tables
	from    []policy.Identity
	to      number.URIUser
	privacy string
}

func (a asked) fromCarrier(w io.Writer, on policy.TrunkID) {
	d := a.tables.Decide(policy.Request{Trunk: on, Called: a.to, PAI: a.from, Privacy: a.privacy})
	printSteps(w, d.Steps)
	if d.Outcome == policy.Reject {
		printRefusal(w, d.Reason)
		return
	}
	fmt.Fprintf(w, "→ route to the core of tenant %s: called %s, caller %s (%s)\n",
		a.tables.Tenant(d.Tenant).Name, d.Called, orNone(d.Caller.String()), d.Kind)
	printPeers(w, a.config.Core.Seam)
}

func (a asked) toCarrier(w io.Writer, domain string) {
	p := a.tables.Present(policy.Outbound{Domain: domain, Called: a.to, PAI: a.from, Privacy: a.privacy})
	printSteps(w, p.Steps)
	if p.Outcome == policy.Reject {
		printRefusal(w, p.Reason)
		return
	}
	fmt.Fprintf(w, "→ route over trunk %s to %s, showing %q", a.tables.Trunk(p.Trunk).Name, p.RequestUser, p.From.User)
	if p.Privacy != "" {
		fmt.Fprintf(w, ", Privacy: %s", p.Privacy)
	}
	fmt.Fprintln(w)
	t := &a.config.Trunks[p.Trunk]
	f := &t.Profile.SIP.Failover
	printPeers(w, t.To)
	fmt.Fprintf(w, "  next after %v, or no answer in %v; none begins after %v\n", f.On, f.Answer, f.Budget)
}

// printPeers lists where the call is sent, in the order in which it is tried
// while nothing is held against anybody.
func printPeers(w io.Writer, to []netip.AddrPort) {
	for i, a := range to {
		fmt.Fprintf(w, "  peer %d: udp:%s\n", i+1, a)
	}
}

func printSteps(w io.Writer, steps []policy.Step) {
	for _, s := range steps {
		fmt.Fprintf(w, "%-10s %-12s %-20s %s\n", s.Rule, s.Looked, orNone(s.Value), s.Result)
	}
}

func printRefusal(w io.Writer, r policy.Reason) {
	row := r.Refusal()
	fmt.Fprintf(w, "→ refuse: %d, Reason: Q.850;cause=%d;text=%q (%s)\n", row.Status, row.Cause, row.Text, r)
	if keys := row.Announcement.Keys; len(keys) > 0 {
		fmt.Fprintf(w, "  heard: %s, %d×\n", strings.Join(keys, ", "), max(1, row.Announcement.Repeat))
	}
}

func orNone(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func identities(n string) []policy.Identity {
	if n == "" {
		return nil
	}
	return []policy.Identity{{URIUser: number.URIUser{User: n}}}
}

func loadOrSample(path string) (*config.Config, error) {
	if path == "" {
		return config.Parse("sample", config.Sample())
	}
	return config.Load(path)
}

func domainOf(c *config.Config, tenant string) (string, bool) {
	for i := range c.Tenants {
		if tenant == "" || c.Tenants[i].Name == tenant {
			return c.Tenants[i].Domain, true
		}
	}
	return "", false
}

func trunkNames(c *config.Config) string {
	names := make([]string, len(c.Trunks))
	for i := range c.Trunks {
		names[i] = c.Trunks[i].Name
	}
	return strings.Join(names, ", ")
}
