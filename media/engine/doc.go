// Package engine runs endpoints: it owns the media sockets, the goroutines that
// serve them and the players, and carries out the commands of media/relay.
//
// A Worker is stepped: orders and packets go in with a time, packets and events
// come out. It owns the in-halves of its own sockets and, of the out-halves,
// those that its in-halves and players feed. An out-half whose feeder lives with
// another worker moves there as a value:
//
//	Join(A, B), A at worker 0, B at worker 1
//
//	worker 0 (home of A)                        worker 1 (home of B)
//	  in A ──feeds──▶ out B   ◀──adopt(out B)──   out B was here
//	  out A was here          ──adopt(out A)──▶   in B ──feeds──▶ out A
//
// The home worker of a slot decides who feeds its out-half and where it is. To
// change it, the home recalls the out-half and gives it to the next feeder when
// it has come back; orders between two workers keep their order, so at any time
// exactly one worker holds it. A packet therefore never crosses workers and
// needs no lock, whichever two endpoints are joined.
//
// Two things drive workers. Engine is the rim: one goroutine per worker with an
// epoll set of its own, which it waits for in the runtime's poller, non-blocking
// system calls, one receive buffer, no allocation per packet. Stepped is the same without sockets and
// with the caller's time, for scenarios that run in memory.
//
// Pairs come and go behind those who borrow them: what a worker lacks is bound,
// and after a burst what it has too much is closed again, once it has rested. A
// worker lets go of a pair before its sockets are closed (Engine.tend).
//
// An SRTP endpoint is one like any other to relay: its worker takes the protection
// off before the in-half judges a packet, and puts it on in the one place that
// packets leave by. The receiving context stays with the in-half, the sending one
// travels with the out-half.
//
// All pairs of one call are best borrowed from one worker: its packets then stay
// on one thread, and one-way audio is noticed, for which both endpoints must be
// seen.
package engine
