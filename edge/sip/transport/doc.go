// Package transport is the rim of the SIP stack: it owns the sockets, decides
// whose bytes are looked at, and hands whole messages to shards.
//
// # The way in
//
//	socket ─ recvmmsg ─▶ source known? ─▶ SIP at all? ─▶ within its rate?
//	       ─▶ Scan finds the Call-ID ─▶ bucket ─▶ shard ─▶ one Batch per shard
//
// Everything before Scan costs the same for any datagram and keeps nothing per
// unknown address, so a flood of forged sources cannot fill memory. What is
// refused is dropped without an answer and counted under a named Drop; nothing
// here ever answers. Parsing happens on the shard, in order.
//
// A datagram that comes alone is read at once. A busy socket is read once a
// millisecond, one with thousands of messages a second once in five, and makes
// no interruption meanwhile: a wake-up of a thread costs as much as a message,
// and then serves a batch. No message waits longer for that, and a full read is
// followed by the next at once.
//
// # The way out
//
// Send may be called from any goroutine. It gathers what leaves by the same
// listener into one sendmmsg, never waits, and tells in each Outgoing whether
// the kernel took it.
//
// # Who owns what
//
// Open starts one goroutine per reader socket; Close stops them and waits.
// There are no others, and no channel is made here. A reader owns its socket's
// receive slots and copies what it accepts into a Batch; from Deliver on the
// Batch belongs to the shard, which reads it, keeps no slice of it and calls
// Free.
//
// Deliver must not block. It answers false when the shard's queue is full: the
// datagrams of that batch are then dropped and counted as DropQueueFull, since
// a UDP peer retransmits (RFC 3261 §17) while one slow shard must not make the
// reader, and with it all other shards, late.
//
// # Other transports
//
// Incoming and Outgoing name their road by a flow.Flow and say nothing else
// about it, so stream transports deliver and send through the same two types;
// for them a false from Deliver means back-pressure instead of loss.
package transport
