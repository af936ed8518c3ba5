package registrar

import (
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/deadline"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/token"
)

// AccountID is an index of Config.Accounts.
type AccountID int

// Account is a phone that may register.
type Account struct {
	// Domain is the realm and the host of its address-of-record, in lower
	// case; User is its user part and the digest username.
	Domain, User string
	// Secret is made with the same user and realm. The zero Secret is nobody's.
	Secret Secret
}

// Config is what a registrar works with. It is read-only.
type Config struct {
	Source token.Source
	// Key authenticates nonces. It is random and secret; whoever restores a
	// snapshot passes the same one, or lets every phone be challenged anew.
	Key      [32]byte
	Accounts []Account
	// Algorithms are those offered, in order of preference; none means SHA-256
	// and MD5. An answer by another one is wrong, so that leaving MD5 out shuts
	// the door to a downgrade.
	Algorithms []Algorithm
	Expires    Expires
	Ban        Ban
	// Keepalive is how often the path to a phone behind a NAT is used; 0 is never.
	Keepalive time.Duration
}

// Registrar keeps the bindings of its accounts.
type Registrar struct {
	cfg   Config
	decoy Secret // the secret of accounts that do not exist
	names map[name]AccountID
	// realms are the domains of the accounts.
	realms   map[string]bool
	accounts []account
	// flows are the accounts bound at each flow, in ascending order.
	flows    map[flow.Flow][]AccountID
	timers   deadline.Heap[AccountID]
	beats    deadline.Heap[flow.Flow] // of those behind a NAT; see keepalive.go
	suspects suspects
	counts   Counts
}

// name is what an account is found by.
type name struct{ realm, user string }

// account is the state of one account.
type account struct {
	bindings []Binding // the one refreshed longest ago first
	ledger   ledger
}

// New returns a registrar without bindings.
func New(c Config) *Registrar {
	if len(c.Algorithms) == 0 {
		c.Algorithms = []Algorithm{SHA256, MD5}
	}
	c.Expires, c.Ban = c.Expires.filled(), c.Ban.filled()
	random := token.Bytes16(c.Source)
	g := &Registrar{
		cfg:      c,
		decoy:    NewSecret("", "", hex.EncodeToString(random[:])),
		names:    make(map[name]AccountID),
		realms:   make(map[string]bool),
		accounts: make([]account, len(c.Accounts)),
		flows:    make(map[flow.Flow][]AccountID),
		suspects: suspects{of: make(map[netip.Addr]suspect)},
	}
	for i, a := range c.Accounts {
		g.names[name{a.Domain, a.User}] = AccountID(i)
		g.realms[a.Domain] = true
	}
	return g
}

// Register is a REGISTER outside any dialog.
type Register struct {
	Flow    flow.Flow
	Request *sip.Request
}

// Timeout says that the Deadline has come.
type Timeout struct{}

// Input is what a registrar is told.
type Input interface{ input() }

func (Register) input() {}
func (Timeout) input()  {}

// Respond answers the Register. It is the first action of each.
type Respond struct {
	Status  int
	Headers []sip.Header
}

// Moved says that an account's bindings have changed: it has Now of them. A
// refresh is no change.
type Moved struct {
	Account AccountID
	Now     int
}

// Banned says that a source has been shut out.
type Banned struct{ Source netip.Addr }

// Beat wants something sent on a flow, so that a NAT keeps it open.
type Beat struct{ Flow flow.Flow }

// Action is what a registrar wants done.
type Action interface{ action() }

func (Respond) action() {}
func (Moved) action()   {}
func (Banned) action()  {}
func (Beat) action()    {}

// Verdict is what becomes of a REGISTER before anything is kept of it: it goes
// on to Handle, is answered, or where neither is set is dropped.
type Verdict struct {
	Passed bool
	Answer Respond // Status 0 is none
}

// Screen judges a REGISTER. What it does not pass leaves nothing behind but a
// failure counted against its source.
func (g *Registrar) Screen(now time.Time, in Register) Verdict {
	realm, user, ok := g.addressOfRecord(in.Request)
	c, a, answers := g.answered(in.Request, realm)
	if g.suspects.banned(now, in.Flow.Remote.Addr()) {
		// What is spared is a registered phone's own account, not its guesses.
		if !g.bound(now, in.Flow, name{realm, user}) || answers && c.username != user {
			return Verdict{}
		}
	}
	if !ok {
		return Verdict{Answer: Respond{Status: 400}}
	}
	if !answers {
		return Verdict{Answer: g.challenge(now, in.Flow, realm, first)}
	}
	if g.fresh(now, c.nonce, scopeOf(in.Flow, a, realm)) {
		return Verdict{Passed: true}
	}
	// "The server SHOULD only set stale to TRUE if it receives a request for
	// which the nonce is invalid but with a valid digest for that nonce"
	// (RFC 2617 §3.2.1).
	if _, right := g.right(&c, a, in.Request); right {
		return Verdict{Answer: g.challenge(now, in.Flow, realm, stale)}
	}
	g.failed(now, in.Flow.Remote.Addr())
	return Verdict{Answer: g.challenge(now, in.Flow, realm, first)}
}

// Handle serves a REGISTER that Screen has passed at the same now, or lets time
// pass.
func (g *Registrar) Handle(now time.Time, in Input, out []Action) []Action {
	switch in := in.(type) {
	case Register:
		return g.register(now, in, out)
	case Timeout:
		return g.beat(now, g.lapse(now, out))
	}
	return out
}

// Deadline returns when a Timeout is due, or the zero time.
func (g *Registrar) Deadline() time.Time {
	return deadline.Earliest(g.timers.Next(), g.beats.Next())
}

// Bindings returns where an account is at now, the latest first.
func (g *Registrar) Bindings(now time.Time, id AccountID) []Binding {
	var list []Binding
	for _, b := range g.accounts[id].bindings {
		if now.Before(b.Expires) {
			list = append(list, b)
		}
	}
	slices.Reverse(list)
	return list
}

// At returns the accounts bound at a flow, in ascending order. Read-only.
func (g *Registrar) At(f flow.Flow) []AccountID { return g.flows[f] }

// register authenticates and updates (RFC 3261 §10.3).
func (g *Registrar) register(now time.Time, in Register, out []Action) []Action {
	realm, user, _ := g.addressOfRecord(in.Request)
	c, a, ok := g.answered(in.Request, realm)
	if !ok {
		return append(out, g.challenge(now, in.Flow, realm, first))
	}
	id, right := g.right(&c, a, in.Request)
	count, counted := c.count()
	if !right || !counted {
		out = append(out, g.challenge(now, in.Flow, realm, first))
		if g.failed(now, in.Flow.Remote.Addr()) {
			out = append(out, Banned{Source: sourceOf(in.Flow.Remote.Addr())})
		}
		return out
	}
	issued, _ := g.issued(c.nonce, scopeOf(in.Flow, a, realm))
	if !g.accounts[id].ledger.use(now, usedNonce{nonce: strings.Clone(c.nonce), issued: issued, count: count}) {
		return append(out, g.challenge(now, in.Flow, realm, stale))
	}
	if user != g.cfg.Accounts[id].User {
		// "If the authenticated user is not authorized to modify bindings, the
		// registrar MUST return a 403" (step 4): a phone registers itself alone.
		return append(out, Respond{Status: 403})
	}
	list, answer := g.cfg.Expires.update(now, g.accounts[id].bindings, in)
	if answer.Status != 200 {
		return append(out, answer)
	}
	answer.Headers = contactHeaders(now, list)
	out = append(out, answer)
	return g.settle(now, id, list, out)
}

// settle puts an account's bindings in force.
func (g *Registrar) settle(now time.Time, id AccountID, list []Binding, out []Action) []Action {
	was := g.accounts[id].bindings
	for _, b := range was {
		at := slices.DeleteFunc(slices.Clone(g.flows[b.Flow]), func(o AccountID) bool { return o == id })
		if g.flows[b.Flow] = at; len(at) == 0 {
			delete(g.flows, b.Flow)
			g.beats.Remove(b.Flow)
		}
	}
	var next time.Time
	for _, b := range list {
		if at, bound := slices.BinarySearch(g.flows[b.Flow], id); !bound {
			g.flows[b.Flow] = slices.Insert(g.flows[b.Flow], at, id)
		}
		g.keep(now, b)
		next = deadline.Earliest(next, b.Expires)
	}
	g.accounts[id].bindings = list
	g.timers.Set(id, next)
	if moved(was, list) {
		out = append(out, Moved{Account: id, Now: len(list)})
	}
	return out
}

// moved reports whether two lists differ in more than time and order.
func moved(was, list []Binding) bool {
	return len(was) != len(list) || slices.ContainsFunc(list, func(b Binding) bool {
		return !slices.ContainsFunc(was, func(o Binding) bool { return o.Contact == b.Contact && o.Flow == b.Flow })
	})
}

// lapse forgets the bindings that have expired.
func (g *Registrar) lapse(now time.Time, out []Action) []Action {
	for {
		id, due := g.timers.Pop(now)
		if !due {
			return out
		}
		list := slices.DeleteFunc(slices.Clone(g.accounts[id].bindings), func(b Binding) bool { return !now.Before(b.Expires) })
		out = g.settle(now, id, list, out)
	}
}

// bound reports whether a flow has a live binding of the account named.
func (g *Registrar) bound(now time.Time, f flow.Flow, n name) bool {
	id, known := g.names[n]
	return known && slices.ContainsFunc(g.accounts[id].bindings, func(b Binding) bool { return b.Flow == f && now.Before(b.Expires) })
}

// addressOfRecord reads the To of a REGISTER: the realm and the user. A phone
// that knows only our address means the domain, where there is but one.
func (g *Registrar) addressOfRecord(r *sip.Request) (realm, user string, ok bool) {
	u, err := header.URIIn(r, "To")
	if err != nil || u.Scheme != "sip" || u.Host == "" {
		return "", "", false
	}
	realm = strings.ToLower(u.Host)
	if _, err := netip.ParseAddr(strings.Trim(realm, "[]")); err == nil && len(g.realms) == 1 {
		for only := range g.realms {
			realm = only
		}
	}
	return realm, u.User, true
}

// answered finds the credentials for a realm by an algorithm that is offered, of
// several the first.
func (g *Registrar) answered(r *sip.Request, realm string) (credentials, Algorithm, bool) {
	for _, v := range header.Lines(r, "Authorization") {
		c, ok := parse(v)
		if !ok || c.realm != realm {
			continue
		}
		if a, known := algorithmOf(c.algorithm); known && slices.Contains(g.cfg.Algorithms, a) {
			return c, a, true
		}
	}
	return credentials{}, 0, false
}

// asked says why a challenge is given.
type asked uint8

const (
	first asked = iota
	stale       // the digest was right, the nonce was not
)

// challenge is 401 with one WWW-Authenticate for each algorithm, the preferred
// one first (RFC 8760 §2.3).
func (g *Registrar) challenge(now time.Time, f flow.Flow, realm string, why asked) Respond {
	g.counts.Challenges++
	r := Respond{Status: 401}
	for _, a := range g.cfg.Algorithms {
		v := "Digest realm=" + header.Quote(realm) + `, nonce="` + g.nonce(now, scopeOf(f, a, realm)) + `", algorithm=` + a.String() + `, qop="auth"`
		if why == stale {
			v += ", stale=true"
		}
		r.Headers = append(r.Headers, sip.NewHeader("WWW-Authenticate", v))
	}
	return r
}
