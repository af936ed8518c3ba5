// Package node is the composition root: it builds the rooms of a running
// instance from one configuration, joins them, and takes them down in order.
//
//	assemble.go  configuration → one shard's machines (no sockets, no clock):
//	             also what lab/scenario runs in memory
//	directory.go configuration → the core's directory
//	node.go      sockets, engines, loops; Open, Close
//	stock.go     a shard's small stock of leased-ahead port pairs
//	gate.go      limits shared by all shards
//	records.go   the file of call records
//	drain.go     no call begins any more, and all end
//
// The border has a shard per core: each is a loop with a random source, a stock
// of port pairs and a share of the limits of its own, and owns the calls whose
// Call-IDs fall to it (callid). What shards have in common is read-only, or
// stands behind a lock here at the rim. What a call comes to does not depend on
// how many there are: lab/scenario plays every file with several. The core is
// one loop.
//
// Shutdown: every call that stands is ended, so that its parties hear of it and it
// has its record; then loops stop, so that nothing asks for ports or sends any
// more, then media, then sockets, then the record file is flushed.
package node
