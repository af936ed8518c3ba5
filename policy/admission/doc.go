// Package admission counts calls and calls per second, per trunk and per
// tenant, and says whether one more is welcome.
//
// A call that is admitted holds one Lease, whatever it counts against, and the
// lease is given back once when the call has ended. The rate is a token bucket
// in its virtual scheduling form (ITU-T I.371, GCRA): one time per limit, no
// tick. A refused call takes nothing from any limit.
//
// A refusal that is announced occupies a port and a trunk like any other call,
// so it is counted too; only the refusals that tell somebody how to reach the
// police or the fire brigade are not (Reason.Exempt).
//
// A Gate belongs to one owner and reads no clock: now is an argument.
package admission
