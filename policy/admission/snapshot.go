package admission

import "time"

// Snapshot is the whole state of a Gate as plain data, indexed as the gate is.
// It is also how calls are counted for the outside.
type Snapshot struct{ Trunks, Tenants []Count }

// Count is the state of one limit.
type Count struct {
	Calls int
	// Debt is how long the bucket needs to be full again; at most a second.
	Debt time.Duration
}

// Snapshot copies the state.
func (g *Gate) Snapshot(now time.Time) Snapshot {
	return Snapshot{Trunks: counts(g.trunks, now), Tenants: counts(g.tenants, now)}
}

func counts(list []bound, now time.Time) []Count {
	out := make([]Count, len(list))
	for i, b := range list {
		out[i] = Count{Calls: b.calls, Debt: max(0, b.due.Sub(now))}
	}
	return out
}

// Restore puts a snapshot's state behind the gate's own limits, which may have
// changed since. Counts beyond the gate's trunks and tenants are dropped. A
// gate whose limits became smaller admits nothing until enough calls have
// ended; none is cut.
func (g *Gate) Restore(now time.Time, s Snapshot) {
	restore(g.trunks, now, s.Trunks)
	restore(g.tenants, now, s.Tenants)
}

func restore(list []bound, now time.Time, counts []Count) {
	for i := range min(len(list), len(counts)) {
		list[i].calls = max(0, counts[i].Calls)
		list[i].due = now.Add(min(max(0, counts[i].Debt), time.Second))
	}
}
