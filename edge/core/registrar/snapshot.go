package registrar

import (
	"cmp"
	"net/netip"
	"slices"
	"time"
)

// Snapshot is a registrar's state as plain data, with the time that is left in
// place of deadlines. Accounts are named, since another configuration may count
// them otherwise.
type Snapshot struct {
	Accounts []AccountSnapshot
	Suspects []SuspectSnapshot // the one remembered longest first
}

// AccountSnapshot is one account. Stamps are those written in the nonces, in
// nanoseconds since 1970.
type AccountSnapshot struct {
	Domain, User string
	Bindings     []BindingSnapshot
	Nonces       []NonceSnapshot
	Floor        int64 // 0 is none
}

// BindingSnapshot is a Binding with the time it has left.
type BindingSnapshot struct {
	Binding Binding // Expires is zero
	Left    time.Duration
}

// NonceSnapshot is how far a nonce has been counted.
type NonceSnapshot struct {
	Nonce string
	Stamp int64
	Count uint32
}

// SuspectSnapshot is a source with failures.
type SuspectSnapshot struct {
	Source   netip.Addr
	Failures int
	Banned   bool
	Left     time.Duration
}

// Snapshot returns the state at now.
func (g *Registrar) Snapshot(now time.Time) Snapshot {
	var s Snapshot
	for i := range g.accounts {
		a := &g.accounts[i]
		saved := AccountSnapshot{Domain: g.cfg.Accounts[i].Domain, User: g.cfg.Accounts[i].User}
		for _, b := range a.bindings {
			left := b.Expires.Sub(now)
			b.Expires = time.Time{}
			saved.Bindings = append(saved.Bindings, BindingSnapshot{Binding: b, Left: left})
		}
		for _, n := range a.ledger.used {
			saved.Nonces = append(saved.Nonces, NonceSnapshot{Nonce: n.nonce, Stamp: n.issued.UnixNano(), Count: n.count})
		}
		if !a.ledger.floor.IsZero() {
			saved.Floor = a.ledger.floor.UnixNano()
		}
		if saved.Bindings != nil || saved.Nonces != nil || saved.Floor != 0 {
			s.Accounts = append(s.Accounts, saved)
		}
	}
	slices.SortFunc(s.Accounts, func(a, b AccountSnapshot) int {
		return cmp.Or(cmp.Compare(a.Domain, b.Domain), cmp.Compare(a.User, b.User))
	})
	for _, source := range g.suspects.order {
		was := g.suspects.of[source]
		s.Suspects = append(s.Suspects, SuspectSnapshot{Source: source, Failures: was.failures, Banned: was.banned, Left: was.until.Sub(now)})
	}
	return s
}

// Restore returns a registrar that goes on from s at now; its beats begin anew. Accounts that are no
// longer configured are left out.
func Restore(c Config, now time.Time, s Snapshot) *Registrar {
	g := New(c)
	for _, saved := range s.Accounts {
		id, known := g.names[name{saved.Domain, saved.User}]
		if !known {
			continue
		}
		var list []Binding
		for _, b := range saved.Bindings {
			b.Binding.Expires = now.Add(b.Left)
			list = append(list, b.Binding)
		}
		g.settle(now, id, list, nil)
		l := &g.accounts[id].ledger
		for _, n := range saved.Nonces {
			l.used = append(l.used, usedNonce{nonce: n.Nonce, issued: time.Unix(0, n.Stamp), count: n.Count})
		}
		if saved.Floor != 0 {
			l.floor = time.Unix(0, saved.Floor)
		}
	}
	for _, was := range s.Suspects {
		g.suspects.order = append(g.suspects.order, was.Source)
		g.suspects.of[was.Source] = suspect{failures: was.Failures, banned: was.Banned, until: now.Add(was.Left)}
	}
	return g
}
