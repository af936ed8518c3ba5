// Package shard turns one ua.UA, a pure machine, into a running one: a single
// goroutine that feeds it datagrams, media events and time, and carries out
// what it returns. It owns the machine; nothing else ever touches it.
//
// It stands beside transport, not in node, because two kinds of program run on
// it: a node (border and core) and the simulated carriers that play the other
// side.
//
// In each turn the loop takes everything that waits, steps the machine, gives
// the media plane its commands and then sends in one batch: ports are ready
// before a peer hears of them.
package shard
