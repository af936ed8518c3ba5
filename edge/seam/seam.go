// Package seam is the wire between border and core, the one page that any SIP
// PBX can keep in the core's place.
//
//	Request-URI   sip:CALLED@TENANT-DOMAIN, canonical and without the 8:
//	              national 0…, extension, +CC… for a foreign number
//	PAI           border → core: the caller's canonical number (a mobile's is
//	              its MSISDN); core → border: the number to show, unprefixed
//	              and unmasked
//	From          display name: the reason of a withheld number
//	Privacy       id where the number shall not be shown
//	Diversion     who passed the call on, latest first; core → border: our own
//	              number, where A's number is shown. History-Info is read too
//	Reason        of CANCEL, BYE and failures: Q.850, and SIP in requests
//	User-to-User, X-…  as they stand, where the trunk's profile passes them
//	Sekisho-Call  a hint, never needed
//	Session-ID    RFC 7989, correlates the calls of both sides
//	Max-Forwards  minus one
package seam

import (
	"strings"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/header"
)

// Call is what an INVITE says across the seam, in either direction.
type Call struct {
	// Domain is the tenant's; Called and Caller are user parts.
	Domain, Called string
	// Caller is empty where nobody is known.
	Caller string
	// Display is the From display name: on withheld numbers the reason.
	Display string
	// Private says that Caller shall not be shown.
	Private bool
	// Diversions is who passed the call on, latest first: toward the core
	// whoever the carrier names, toward the border a number of the tenant's.
	Diversions []header.Redirection
	Hint       header.Call
	SessionID  header.SessionID
	// MaxForwards as received, or as it shall be sent.
	MaxForwards int
}

const anonymous = "sip:anonymous@anonymous.invalid" // RFC 3323 §4.1.1.3

// DefaultMaxForwards stands where a request has none (RFC 3261 §8.1.1.6).
const DefaultMaxForwards = 70

// URI returns the Request-URI.
func (c Call) URI() string { return "sip:" + c.Called + "@" + c.Domain }

// To returns the To value.
func (c Call) To() string { return "<" + c.URI() + ">" }

// From returns the From value. A private call shows nobody there.
func (c Call) From() string {
	switch {
	case c.Private || c.Caller == "":
		display := c.Display
		if display == "" {
			display = "Anonymous"
		}
		return header.Quote(display) + " <" + anonymous + ">"
	case c.Display != "":
		return header.Quote(c.Display) + " <sip:" + c.Caller + "@" + c.Domain + ">"
	}
	return "<sip:" + c.Caller + "@" + c.Domain + ">"
}

// Headers returns what the INVITE carries beside the leg's own.
func (c Call) Headers() []sip.Header {
	var hs []sip.Header
	add := func(name, value string) { hs = append(hs, sip.NewHeader(name, value)) }
	if c.Caller != "" {
		add("P-Asserted-Identity", "<sip:"+c.Caller+"@"+c.Domain+">")
	}
	if c.Private {
		add("Privacy", "id")
	}
	for _, r := range c.Diversions {
		add("Diversion", r.String())
	}
	if v := c.Hint.String(); v != "" {
		add(header.CallHeader, v)
	}
	if c.SessionID.Local != "" {
		add("Session-ID", c.SessionID.String())
	}
	return hs
}

// Passes returns how often the call of an INVITE has passed the border before,
// as far as the hint tells.
func Passes(r *sip.Request) header.Passes {
	hint, err := header.ParseCall(header.First(r, header.CallHeader))
	if err != nil {
		return header.Passes{}
	}
	return hint.Passes
}

// Read returns what an INVITE from the other side of the seam says. It never
// fails: what cannot be read is empty, and whoever decides refuses it.
func Read(r *sip.Request) Call {
	c := Call{MaxForwards: MaxForwards(r)}
	if u, err := header.URIOf(&r.Recipient); err == nil {
		c.Domain, c.Called = strings.ToLower(u.Host), u.User
	}
	if ids, _ := header.Identities(r, "P-Asserted-Identity"); len(ids) > 0 {
		if u, err := header.ParseURI(ids[0].URI); err == nil {
			c.Caller = u.User
		}
	}
	if from, err := header.ParseNameAddr(header.First(r, "From")); err == nil {
		c.Display = from.Display
	}
	for _, v := range header.Values(r, "Privacy") {
		if p, err := header.ParsePrivacy(v); err == nil && (p.Has("id") || p.Has("user") || p.Has("header")) {
			c.Private = true
		}
	}
	c.Diversions = header.Redirections(r)
	c.Hint, _ = header.ParseCall(header.First(r, header.CallHeader))
	c.SessionID, _ = header.ParseSessionID(header.First(r, "Session-ID"))
	return c
}

// MaxForwards returns a request's Max-Forwards, or the default of an older
// peer that sends none (RFC 3261 §16.3).
func MaxForwards(r *sip.Request) int {
	if mf := r.MaxForwards(); mf != nil {
		return int(mf.Val())
	}
	return DefaultMaxForwards
}
