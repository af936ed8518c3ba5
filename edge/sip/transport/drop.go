package transport

import "encoding/binary"

// Drop names why a datagram was not delivered.
type Drop uint8

// The reasons, in the order in which they are looked for.
const (
	// DropUnknownSource came from an address that is not configured.
	DropUnknownSource Drop = iota
	// DropRateLimited exceeded its source's rate.
	DropRateLimited
	// DropOversize is longer than the listener's MaxMessage.
	DropOversize
	// DropKeepalive holds nothing but CR, LF, NUL or blanks, which NATs and
	// phones send to keep a binding (RFC 5626 §3.5.1).
	DropKeepalive
	// DropSTUN is a STUN message (RFC 8489 §5).
	DropSTUN
	// DropJunk does not begin as a SIP message can (RFC 3261 §25.1).
	DropJunk
	// DropNoCallID has no Call-ID that Scan could find.
	DropNoCallID
	// DropScanFault made Scan panic: a fault of ours, logged once.
	DropScanFault
	// DropQueueFull met a shard whose queue was full.
	DropQueueFull

	// Drops is the number of reasons.
	Drops int = iota
)

// String returns the reason as a metric label.
func (d Drop) String() string {
	switch d {
	case DropUnknownSource:
		return "unknown_source"
	case DropRateLimited:
		return "rate_limited"
	case DropOversize:
		return "oversize"
	case DropKeepalive:
		return "keepalive"
	case DropSTUN:
		return "stun"
	case DropJunk:
		return "junk"
	case DropNoCallID:
		return "no_call_id"
	case DropScanFault:
		return "scan_fault"
	case DropQueueFull:
		return "queue_full"
	}
	return "unknown"
}

// verdict is either to look further or one of three drops.
type verdict uint8

const (
	verdictSIP verdict = iota
	verdictKeepalive
	verdictSTUN
	verdictJunk
)

// inspect tells by its first bytes whether a datagram can be SIP. A start-line
// begins with a method or "SIP", both tokens.
func inspect(b []byte) verdict {
	if len(b) == 0 {
		return verdictKeepalive
	}
	if tokenByte(b[0]) {
		return verdictSIP
	}
	const header, cookie = 20, 0x2112A442 // RFC 8489 §5
	if len(b) >= header && b[0]&0xc0 == 0 && binary.BigEndian.Uint32(b[4:]) == cookie {
		return verdictSTUN
	}
	for _, c := range b {
		if c != '\r' && c != '\n' && c != 0 && c != ' ' && c != '\t' {
			return verdictJunk
		}
	}
	return verdictKeepalive
}

// tokenByte reports whether c may stand in a token (RFC 3261 §25.1).
func tokenByte(c byte) bool {
	switch {
	case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		return true
	}
	switch c {
	case '-', '.', '!', '%', '*', '_', '+', '`', '\'', '~':
		return true
	}
	return false
}
