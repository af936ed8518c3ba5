// Package transaction is the transaction layer of RFC 3261 §17 with the
// corrections of RFC 6026: one Table holds every client and server transaction
// of a shard and is stepped with a message, a command or the time.
//
//	Received ─┐                                        ┌─▶ Send          to the wire
//	Request  ─┤                                        ├─▶ Arrived       a request, once
//	Respond  ─┼─▶ Table ─ key ─▶ one of four machines ─┼─▶ Answered      a response
//	Timeout  ─┘      invite_client   noninvite_client  ├─▶ Failed        no response
//	                 invite_server   noninvite_server  └─▶ Ended         the name is free
//
// A table is a machine: no goroutine, clock, lock or socket, and no random
// number that was not passed in. Equal inputs give equal outputs.
//
// What is kept for retransmission is the bytes that went out. No machine holds
// a parsed message, so a transaction that lingers only to absorb stragglers
// costs its key, its alarms and at most one message's bytes.
//
// Timers that back off (A, E, G) sit in one heap each. All others have a delay
// that never changes, so they fall due in the order in which they were set and
// a queue per timer keeps them (linger.go). The alarm that a transaction carries
// is the truth; an entry of a queue that no longer agrees with it is skipped.
//
// Who else does what: the transaction user sends 100 (Trying) itself, since it
// always answers an INVITE at once (§17.2.1 asks for it within 200 ms); it
// retransmits its 2xx with Repeat until the ACK comes (§13.3.1.4), and sends the
// ACK for a 2xx with SendOnce (§13.2.2.4). The table sends the ACK for any other
// final answer, and answers CANCEL.
package transaction
