package border

import (
	"strings"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/header"
	"sekisho/policy"
	"sekisho/policy/number"
)

// readRequest takes a carrier's INVITE apart for policy.
func readRequest(on policy.TrunkID, r *sip.Request) policy.Request {
	return policy.Request{
		Trunk:          on,
		Called:         requested(r),
		PAI:            identities(r, "P-Asserted-Identity"),
		PPI:            identities(r, "P-Preferred-Identity"),
		From:           identity(header.First(r, "From")),
		Diverting:      diverting(r),
		Privacy:        privacy(r),
		AccessNetwork:  joined(r, "P-Access-Network-Info"),
		VisitedNetwork: joined(r, "P-Visited-Network-ID"),
	}
}

// readOutbound takes the core's INVITE apart for policy.
func readOutbound(r *sip.Request) policy.Outbound {
	o := policy.Outbound{
		Called:    requested(r),
		PAI:       identities(r, "P-Asserted-Identity"),
		From:      identity(header.First(r, "From")),
		Diverting: diverting(r),
		Privacy:   privacy(r),
	}
	if u, err := header.URIOf(&r.Recipient); err == nil {
		o.Domain = u.Host
	}
	return o
}

// diverting reads who passed the call on, latest first.
func diverting(r *sip.Request) []policy.Diverting {
	redirections := header.Redirections(r)
	if len(redirections) == 0 {
		return nil
	}
	list := make([]policy.Diverting, len(redirections))
	for i, d := range redirections {
		list[i] = policy.Diverting{URIUser: readURI(d.URI), Redirection: policy.Redirection{Why: d.Why, Times: d.Times, Private: d.Private}}
	}
	return list
}

// requested divides the Request-URI.
func requested(r *sip.Request) number.URIUser {
	u, err := header.URIOf(&r.Recipient)
	if err != nil {
		return number.URIUser{}
	}
	return userOf(u)
}

// readURI divides a URI for the number plan. A URI that cannot be read has no
// user, which the plan refuses.
func readURI(uri string) number.URIUser {
	u, err := header.ParseURI(uri)
	if err != nil {
		return number.URIUser{}
	}
	return userOf(u)
}

func userOf(u header.URI) number.URIUser {
	return number.URIUser{User: u.User + u.UserParams.String(), Params: strings.TrimPrefix(u.Params.String(), ";")}
}

func identity(value string) policy.Identity {
	a, err := header.ParseNameAddr(value)
	if err != nil {
		return policy.Identity{}
	}
	return addressed(a)
}

func addressed(a header.NameAddr) policy.Identity {
	u, err := header.ParseURI(a.URI)
	if err != nil {
		return policy.Identity{Display: a.Display}
	}
	return policy.Identity{URIUser: userOf(u), Host: u.Host, Display: a.Display}
}

func identities(r *sip.Request, name string) []policy.Identity {
	list, _ := header.Identities(r, name)
	if len(list) == 0 {
		return nil
	}
	ids := make([]policy.Identity, len(list))
	for i, a := range list {
		ids[i] = addressed(a)
	}
	return ids
}

// privacy joins the tokens of all Privacy headers.
func privacy(r *sip.Request) string { return strings.Join(header.Values(r, "Privacy"), ";") }

func joined(r *sip.Request, name string) string { return strings.Join(header.Lines(r, name), ",") }
