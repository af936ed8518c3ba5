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
//
// Shutdown: loops stop first, so that nothing asks for ports or sends any
// more, then media, then sockets, then the record file is flushed.
package node
