package ua

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/transaction"
)

// Snapshot is a shard's state between two steps, as plain data, but for its
// application's, which the application keeps itself. Counts start afresh, and an
// INVITE that arrives a second time by another way is no longer told from a new
// one.
type Snapshot struct {
	// Last is the last leg named.
	Last leg.ID
	Salt uint64
	// Table holds the transactions, Legs the legs by ID.
	Table transaction.Snapshot
	Legs  []leg.Snapshot
}

// Snapshot returns the state of the shard at now.
func (u *UA) Snapshot(now time.Time) Snapshot {
	s := Snapshot{Last: u.cfg.Legs.last, Salt: u.salt, Table: u.table.Snapshot(now)}
	for _, l := range u.legs {
		s.Legs = append(s.Legs, l.Snapshot(now))
	}
	slices.SortFunc(s.Legs, func(a, b leg.Snapshot) int { return cmp.Compare(a.ID, b.ID) })
	return s
}

// Restore returns a shard that goes on from s at now. Time that passed in
// between does not count. The error is a leg that cannot be read.
func Restore(c Config, now time.Time, s Snapshot) (*UA, error) {
	u := New(c)
	u.salt = s.Salt
	u.cfg.Legs.last = max(u.cfg.Legs.last, s.Last)
	u.table = transaction.Restore(now, u.tableConfig(), s.Table)
	for _, saved := range s.Legs {
		l, err := leg.RestoreLeg(&u.env, now, saved, u.terms(saved.Flow))
		if err != nil {
			return nil, fmt.Errorf("restore: %w", err)
		}
		u.remember(l)
		u.arm(l)
	}
	return u, nil
}
