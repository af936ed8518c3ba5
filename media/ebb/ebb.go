// Package ebb gives memory back when a crowd has gone. Go's maps and slices
// grow with the most that they ever held and stay so: a table that had ten
// thousand calls for a minute would keep their room until the process ends.
//
// It is for tables that a busy hour fills and a quiet one empties. Room is given
// back when a table holds an eighth of what it has room for, so that what is
// copied then was paid for by seven removals each; a table that is small as it
// is, or as full as it was, does nothing but compare two numbers.
package ebb

// small is how many entries a table has room for without it being worth giving
// back, and part is the share of its room below which a larger one moves into
// less.
const (
	small = 64
	part  = 8
)

// Low reports whether a table of n entries shall move into less room than it has:
// twice n, or what is small.
func Low(n, room int) bool { return room > small && n <= room/part }

// Mark is the most entries that a map has had since it was made. The zero value
// is any map's.
type Mark int

// Delete removes key from m as the built-in does. Where m has become far emptier
// than it was, another map takes its place: who ranges over it meanwhile ranges
// over the old one. Each map has a mark of its own, and no other way out.
func Delete[M ~map[K]V, K comparable, V any](m *M, most *Mark, key K) {
	*most = max(*most, Mark(len(*m))) // nothing is the most but before a removal
	delete(*m, key)
	if !Low(len(*m), int(*most)) {
		return
	}
	less := make(M, len(*m))
	for k, v := range *m {
		less[k] = v
	}
	*m, *most = less, Mark(len(less))
}

// Cut returns s, which has become shorter, in memory of twice its length where
// it fills little of its own.
func Cut[S ~[]E, E any](s S) S {
	if !Low(len(s), cap(s)) {
		return s
	}
	return append(make(S, 0, 2*len(s)), s...)
}

// busy is how many entries a slice that is filled and emptied at every turn may
// keep room for.
const busy = 1024

// Empty returns s without entries, for the next turn, and without its memory
// where that is more than a busy turn's. It clears nothing.
func Empty[S ~[]E, E any](s S) S {
	if cap(s) > busy {
		return nil
	}
	return s[:0]
}
