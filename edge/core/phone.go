package core

import (
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/core/registrar"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/ua"
	"sekisho/media/ebb"
	"sekisho/policy/number"
)

// Registration is how phones register.
type Registration struct {
	// Key authenticates nonces; random and secret.
	Key [32]byte
	// Algorithms, Expires and Ban are the registrar's.
	Algorithms []registrar.Algorithm
	Expires    registrar.Expires
	Ban        registrar.Ban
	// Keepalive is how often a phone behind a NAT is sent something; 0 is never.
	Keepalive time.Duration
}

// desk is a phone of the directory. Its index in Core.phones is its account at
// the registrar, and one less than its ua.Peer.
type desk struct {
	deskName
	domain string
	// fixed is where it always is; invalid where it has to register.
	fixed  flow.Flow
	secret registrar.Secret
}

// deskName is by what a phone is known again in another directory.
type deskName struct {
	tenant    string
	extension number.ExtensionNumber
}

// place is where a phone can be reached.
type place struct {
	flow   flow.Flow
	target string // Request-URI
	// media bounds the phone's RTP.
	media []netip.Prefix
	// registered tells a flow that was learnt from one that was configured.
	registered bool
}

// guest is a flow with calls. They outlive its registration.
type guest struct {
	peer ua.Peer
	legs int
}

// enrol takes a phone into the directory and returns its account: the one that
// it has had before.
func (c *Core) enrol(t *tenant, p Phone) registrar.AccountID {
	called := deskName{t.name, p.Extension}
	id, known := c.named[called]
	if !known {
		id = registrar.AccountID(len(c.phones))
		c.named[called] = id
		c.phones = append(c.phones, desk{})
	}
	c.phones[id] = desk{deskName: called, domain: t.domain, fixed: p.Contact, secret: p.Secret}
	c.registers = c.registers || p.Secret != registrar.Secret{}
	if _, taken := c.peers[p.Contact]; !taken && p.Contact.Remote.IsValid() {
		c.peers[p.Contact] = peerOf(id) // the first stays: an address is one phone's
	}
	return id
}

// goneDomain is that of phones that no directory has any more.
const goneDomain = "gone.invalid"

// accounts are the phones as the registrar needs them. One that is gone is
// somebody else there, so that nothing of it is remembered.
func (c *Core) accounts() registrar.Config {
	r := c.cfg.Registration
	made := registrar.Config{Source: c.cfg.Source, Key: r.Key, Algorithms: r.Algorithms, Expires: r.Expires, Ban: r.Ban, Keepalive: r.Keepalive}
	for _, p := range c.phones {
		a := registrar.Account{Domain: p.domain, User: string(p.extension), Secret: p.secret}
		if a.Secret == (registrar.Secret{}) && !p.fixed.Remote.IsValid() {
			a = registrar.Account{Domain: goneDomain}
		}
		made.Accounts = append(made.Accounts, a)
	}
	return made
}

// Services are the requests outside a dialog that the core serves, for the
// shard's ua.Config: REGISTER, where a phone can register at all.
func (c *Core) Services() map[sip.RequestMethod]ua.Screen {
	if !c.registers {
		return nil
	}
	return map[sip.RequestMethod]ua.Screen{sip.REGISTER: c.screen}
}

// screen judges a REGISTER from whomever.
func (c *Core) screen(now time.Time, f flow.Flow, r *sip.Request) ua.Screening {
	if f.Listener == 0 {
		if _, known := c.Peer(f); !known {
			return ua.Screening{}
		}
		return ua.Screening{Status: 403} // nobody is reached over the seam that way
	}
	v := c.registrar.Screen(now, registrar.Register{Flow: f, Request: r})
	return ua.Screening{Passed: v.Passed, Status: v.Answer.Status, Headers: v.Answer.Headers}
}

// register serves a REGISTER that has passed the screen.
func (c *Core) register(now time.Time, in ua.Request, out []ua.Action) []ua.Action {
	return c.fromRegistrar(in, c.registrar.Handle(now, registrar.Register{Flow: in.Flow, Request: in.Request}, nil), out)
}

// fromRegistrar carries out what the registrar returned; in is the request it
// answers, if any.
func (c *Core) fromRegistrar(in ua.Request, actions []registrar.Action, out []ua.Action) []ua.Action {
	for _, a := range actions {
		switch a := a.(type) {
		case registrar.Respond:
			out = append(out, ua.Respond{To: in, Status: a.Status, Headers: a.Headers})
		case registrar.Moved:
			d := &c.phones[a.Account]
			out = append(out, ua.Note{Level: ua.Info, Message: "phone registration changed", Fields: []string{
				"tenant", d.tenant, "extension", string(d.extension), "contacts", strconv.Itoa(a.Now),
			}})
		case registrar.Beat:
			// What a phone answers with CRLF, or drops (RFC 5626 §3.5.1, which is for
			// connections; over UDP it does for a NAT as well).
			out = append(out, ua.Send{Flow: a.Flow, Data: []byte("\r\n\r\n")})
		case registrar.Banned:
			out = append(out, ua.Note{Level: ua.Warn, Message: "registrations are ignored after too many failures", Fields: []string{"remote", a.Source.String()}})
		}
	}
	return out
}

// Peer says who is behind a flow, for the shard's ua.Config: the border where
// it listens, a phone that is registered there, is always there, or still has
// a call there; nobody else.
func (c *Core) Peer(f flow.Flow) (ua.Peer, bool) {
	if at := c.registrar.At(f); len(at) > 0 {
		return peerOf(at[0]), true
	}
	if p, ok := c.peers[f]; ok {
		return p, true
	}
	g, ok := c.guests[f]
	return g.peer, ok
}

// peerOf is a phone as a peer; 0 is the border.
func peerOf(id registrar.AccountID) ua.Peer { return ua.Peer(id) + 1 }

// caller finds the phone that sends an INVITE. Where one flow has several, a
// desk phone's lines, From says which; nobody else is believed about it.
func (c *Core) caller(f flow.Flow, r *sip.Request) (registrar.AccountID, bool) {
	at := c.registrar.At(f)
	if len(at) == 0 {
		p, fixed := c.peers[f]
		return registrar.AccountID(p - 1), fixed && p != seamPeer
	}
	from, err := header.URIIn(r, "From")
	if err != nil {
		return at[0], true
	}
	if i := slices.IndexFunc(at, func(id registrar.AccountID) bool { return string(c.phones[id].extension) == from.User }); i >= 0 {
		return at[i], true
	}
	return at[0], true
}

// places lists where a phone can be reached: where it is registered, the latest
// first, else where it always is.
func (c *Core) places(now time.Time, s station) []place {
	var list []place
	for _, b := range c.registrar.Bindings(now, s.account) {
		list = append(list, place{flow: b.Flow, target: b.Contact, media: only(b.Flow.Remote.Addr()), registered: true})
	}
	if fixed := c.phones[s.account].fixed; len(list) == 0 && fixed.Remote.IsValid() {
		list = append(list, c.fixedPlace(s, fixed))
	}
	return list
}

func (c *Core) fixedPlace(s station, f flow.Flow) place {
	return place{flow: f, target: "sip:" + string(s.extension) + "@" + f.Remote.String(), media: only(f.Remote.Addr())}
}

// placeOf is where a phone's INVITE came from.
func (c *Core) placeOf(f flow.Flow) place {
	return place{flow: f, media: only(f.Remote.Addr()), registered: len(c.registrar.At(f)) > 0}
}

func only(a netip.Addr) []netip.Prefix { return []netip.Prefix{netip.PrefixFrom(a, a.BitLen())} }

// host keeps a flow's peer for as long as a leg is there.
func (c *Core) host(f flow.Flow) {
	if f.Listener == 0 {
		return
	}
	p, ok := c.Peer(f)
	if !ok {
		return
	}
	c.guests[f] = guest{peer: p, legs: c.guests[f].legs + 1}
}

// unhost ends what host began.
func (c *Core) unhost(f flow.Flow) {
	g, ok := c.guests[f]
	switch {
	case !ok:
	case g.legs == 1:
		ebb.Delete(&c.guests, &c.most.guests, f)
	default:
		g.legs--
		c.guests[f] = g
	}
}
