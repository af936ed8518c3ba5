// Package config turns one YAML file into one immutable tree, or into the list
// of everything that is wrong with the file, each fault with its line and key.
//
// sample.yaml is the reference: it holds every key, it runs as it is on
// loopback, and the tests parse it. What a key may hold is said where it is
// read; keys that nothing reads are faults.
//
// # What is checked beyond shape
//
// Two peers that one packet could come from, two sockets that cannot both be
// bound, media ranges that share ports, calls that would be sent to ourselves,
// numbers and extensions given twice, extensions and trunks that do not exist,
// numbers shown outside that are not the tenant's, and these rules: R6 (a
// mobile's extension is 2000 to 3999), R7 (docomo, au and softbank only), R50
// (no 110X, 118X or 119X beside an au mobile) and R61 (emergency calls only
// over a trunk that may carry them).
//
// A file with a fault yields no Config at all, so nothing can start on half of
// one. Warnings do not stop anything.
//
// The tree is plain data: tests and the demo may write one in Go, with port 0
// where the system shall choose, and fill in the ports once they are bound.
package config
