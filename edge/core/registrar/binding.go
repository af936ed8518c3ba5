package registrar

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/header"
)

// Binding is one place where an account is (RFC 3261 §10).
type Binding struct {
	// Contact is the URI as the phone wrote it: the Request-URI of its calls.
	Contact string
	// Flow is where it is reached: the one its REGISTER came by.
	Flow    flow.Flow
	Expires time.Time
	// CallID and Seq order the REGISTERs of one phone.
	CallID string
	Seq    uint32
}

// Expires bounds how long a binding lasts. Zero values are 60 s, 1 h, 1 h.
type Expires struct{ Min, Default, Max time.Duration }

func (e Expires) filled() Expires {
	if e.Min == 0 {
		e.Min = time.Minute
	}
	if e.Max == 0 {
		e.Max = max(time.Hour, e.Min)
	}
	if e.Default == 0 {
		e.Default = min(time.Hour, e.Max)
	}
	return e
}

// maxContacts bounds the bindings of an account.
const maxContacts = 8

// change is one Contact of a REGISTER.
type change struct {
	uri     string
	parsed  header.URI
	expires time.Duration // 0 removes
}

// update carries out an authentic REGISTER for an account (RFC 3261 §10.3 steps
// 6 to 8): wholly, or not at all with another status than 200. list holds the
// account's bindings and is not changed.
func (e Expires) update(now time.Time, list []Binding, in Register) ([]Binding, Respond) {
	list = slices.DeleteFunc(slices.Clone(list), func(b Binding) bool { return !now.Before(b.Expires) })
	contacts := header.Values(in.Request, "Contact")
	callID, seq := in.Request.CallID().Value(), in.Request.CSeq().SeqNo
	if slices.Contains(contacts, "*") {
		// "The REGISTER-specific Contact header field value of '*' applies to all
		// registrations, but it MUST NOT be used unless the Expires header field
		// is present with a value of '0'" (§10.2.2).
		if len(contacts) != 1 || strings.TrimSpace(header.First(in.Request, "Expires")) != "0" {
			return list, Respond{Status: 400}
		}
		for _, b := range list {
			if b.CallID == callID && seq <= b.Seq {
				return list, Respond{Status: 500}
			}
		}
		return nil, Respond{Status: 200}
	}
	changes, refused := e.changes(in.Request, contacts)
	if refused.Status != 0 {
		return list, refused
	}
	made := Binding{Flow: in.Flow, CallID: strings.Clone(callID), Seq: seq}
	for _, c := range changes {
		i := slices.IndexFunc(list, func(b Binding) bool { return same(b.Contact, c.parsed) })
		if i >= 0 {
			if b := list[i]; b.CallID == callID && seq <= b.Seq {
				return list, Respond{Status: 500} // out of order
			}
			list = slices.Delete(list, i, i+1)
		}
		if c.expires == 0 {
			continue
		}
		// A phone that has started anew may name itself otherwise: what the
		// same flow bound under another Call-ID is it as well.
		list = slices.DeleteFunc(list, func(b Binding) bool { return b.Flow == made.Flow && b.CallID != callID })
		made.Contact, made.Expires = strings.Clone(c.uri), now.Add(c.expires)
		list = append(list, made)
	}
	for len(list) > maxContacts {
		list = slices.Delete(list, 0, 1) // the one refreshed longest ago
	}
	return list, Respond{Status: 200}
}

// changes reads the Contacts of a REGISTER.
func (e Expires) changes(r *sip.Request, contacts []string) ([]change, Respond) {
	asked := header.First(r, "Expires")
	var list []change
	for _, v := range contacts {
		a, err := header.ParseNameAddr(v)
		if err != nil {
			return nil, Respond{Status: 400}
		}
		c := change{uri: a.URI}
		if c.parsed, err = header.ParseURI(a.URI); err != nil || c.parsed.Scheme != "sip" || c.parsed.Host == "" || c.parsed.Headers != "" {
			return nil, Respond{Status: 400}
		}
		text, own := a.Params.Get("expires")
		if !own {
			text = asked
		}
		c.expires = e.lasting(text)
		// "If and only if the requested expiration interval is greater than zero
		// AND smaller than one hour AND less than a registrar-configured
		// minimum, the registrar MAY reject" (§10.3 step 7).
		if c.expires > 0 && c.expires < e.Min && c.expires < time.Hour {
			brief := strconv.Itoa(int(e.Min / time.Second))
			return nil, Respond{Status: 423, Headers: []sip.Header{sip.NewHeader("Min-Expires", brief)}}
		}
		list = append(list, c)
	}
	return list, Respond{}
}

// lasting reads a delta-seconds; absent or malformed it is the default
// (RFC 3261 §10.3 step 7, §20.19).
func (e Expires) lasting(text string) time.Duration {
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 32)
	if err != nil {
		return e.Default
	}
	return min(time.Duration(n)*time.Second, e.Max)
}

// same compares Contacts as RFC 3261 §19.1.4 does: a parameter that both have
// must agree, and user, ttl, method, maddr and transport count when one alone
// has them.
func same(contact string, b header.URI) bool {
	a, err := header.ParseURI(contact)
	if err != nil || a.Scheme != b.Scheme || a.User != b.User || a.Password != b.Password || a.Port != b.Port || !strings.EqualFold(a.Host, b.Host) {
		return false
	}
	agree := func(p, q header.Params) bool {
		for _, kv := range p {
			v, both := q.Get(kv.Name)
			switch strings.ToLower(kv.Name) {
			case "user", "ttl", "method", "maddr", "transport":
				if !both {
					return false
				}
			}
			if own, _ := p.Get(kv.Name); both && !strings.EqualFold(own, v) {
				return false
			}
		}
		return true
	}
	return agree(a.Params, b.Params) && agree(b.Params, a.Params)
}

// contactHeaders lists an account's bindings: "The response MUST contain Contact
// header field values enumerating all current bindings. Each Contact value MUST
// feature an 'expires' parameter" (RFC 3261 §10.3 step 8).
func contactHeaders(now time.Time, list []Binding) []sip.Header {
	var out []sip.Header
	for _, b := range list {
		left := (b.Expires.Sub(now) + time.Second - 1) / time.Second
		out = append(out, sip.NewHeader("Contact", "<"+b.Contact+">;expires="+strconv.Itoa(int(left))))
	}
	return out
}
