// Package ops is what an operator sees of a running instance from outside:
// metrics in the Prometheus text format, and on loopback the state of the
// process as JSON. It asks for values and never reads live state.
package ops
