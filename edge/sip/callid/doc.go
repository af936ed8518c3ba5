// Package callid gives every call one of 1,024 fixed buckets, so that the
// messages of a call meet on one shard whatever the number of shards is.
//
// A Call-ID that a peer chose is hashed with a secret key: without the key
// nobody can aim many calls at one shard. A Call-ID that we choose carries its
// bucket inside, so the B leg of a call is made in the bucket of its A leg:
//
//	A leg, peer's Call-ID  ── Key.Of ──▶ bucket 517 ──▶ shard 517 mod N
//	B leg, our Call-ID     ◀─ Key.New ── bucket 517
//	B leg's responses      ── Key.Of ──▶ bucket 517
//
// What we write is authenticated by the same key. Anything that looks like
// ours and fails the check is hashed like any other peer's Call-ID, so forging
// one chooses nothing.
//
// The key is a plain value: a node that takes over from another must be given
// the same one, or calls in progress would move between buckets.
//
// One request names two calls: an INVITE with Replaces (RFC 3891) belongs where
// the call is that it replaces, and would have to be sent there by the Call-ID in
// that header. This stack does not offer Replaces, so the Call-ID decides alone,
// and whoever requires the extension is refused on any shard.
package callid
