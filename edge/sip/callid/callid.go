package callid

import (
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"

	"github.com/dchest/siphash"
)

// Buckets is the number of buckets. It is part of every Call-ID we write and
// never changes; the number of shards may.
const Buckets = 1024

// Length is the number of bytes of a Call-ID made by Key.New.
const Length = 2 * rawLength

// Raw form of our Call-ID: random bits, bucket (big endian), truncated MAC of
// both. 48 bits of MAC suffice: a lucky guess buys the choice of a shard, and
// guesses are rate limited with everything else a source sends.
const (
	randomLength = 16
	bucketLength = 2
	macLength    = 6
	signedLength = randomLength + bucketLength
	rawLength    = signedLength + macLength
)

// Bucket is one of the fixed parts that calls are divided into: 0 to Buckets-1.
type Bucket uint16

// Key is the secret of the hash and of the MAC. It shall be random, is kept in
// snapshots, and is never written to a log.
type Key [16]byte

// Of returns the bucket of a Call-ID: the one written inside if New made it
// with this key, otherwise the one its keyed hash falls into. It accepts any
// bytes and does not allocate.
func (k Key) Of(callID []byte) Bucket {
	if b, ok := k.written(callID); ok {
		return b
	}
	k0, k1 := k.halves()
	return Bucket(siphash.Hash(k0, k1, callID) % Buckets)
}

// OfString is Of for a string; it does not allocate for Call-IDs of up to 256
// bytes.
func (k Key) OfString(callID string) Bucket {
	var buf [256]byte
	return k.Of(append(buf[:0], callID...))
}

// New returns a Call-ID for a call in bucket b: Length lower-case hexadecimal
// digits and no host part, a "word" of RFC 3261 §25.1. The 128 random bits make
// it unique over space and time as §8.1.1.4 asks, and must not be used twice.
// A bucket of Buckets or more is reduced into the range.
func (k Key) New(b Bucket, random [16]byte) string {
	var raw [rawLength]byte
	copy(raw[:], random[:])
	binary.BigEndian.PutUint16(raw[randomLength:], uint16(b%Buckets))
	mac := k.mac(raw[:signedLength])
	copy(raw[signedLength:], mac[:])
	var text [Length]byte
	hex.Encode(text[:], raw[:])
	return string(text[:])
}

// Shard returns which of the given number of shards (at least 1) serves b.
func Shard(b Bucket, shards int) int { return int(b) % shards }

// written reads the bucket out of one of our own Call-IDs.
func (k Key) written(callID []byte) (Bucket, bool) {
	if len(callID) != Length {
		return 0, false
	}
	var raw [rawLength]byte
	if _, err := hex.Decode(raw[:], callID); err != nil {
		return 0, false
	}
	mac := k.mac(raw[:signedLength])
	if subtle.ConstantTimeCompare(mac[:], raw[signedLength:]) != 1 {
		return 0, false
	}
	b := Bucket(binary.BigEndian.Uint16(raw[randomLength:]))
	return b, b < Buckets
}

// mac uses the 128-bit variant of SipHash, which is a different function from
// the 64-bit one that hashes a peer's Call-ID: no bucket ever tells a bit of a
// MAC, although both use one key.
func (k Key) mac(signed []byte) [macLength]byte {
	k0, k1 := k.halves()
	h, _ := siphash.Hash128(k0, k1, signed)
	var wide [8]byte
	binary.BigEndian.PutUint64(wide[:], h)
	return [macLength]byte(wide[:macLength])
}

func (k Key) halves() (uint64, uint64) {
	return binary.LittleEndian.Uint64(k[:8]), binary.LittleEndian.Uint64(k[8:])
}
