package siptest

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"sekisho/edge/sip/header"
)

// Seen says at which end a message was noted.
type Seen uint8

// The ends.
const (
	Sent Seen = iota
	Received
)

// Message is one SIP message as one end saw it. Data is the whole datagram,
// owned by the message and read-only.
type Message struct {
	At       time.Time
	From, To netip.AddrPort
	Seen     Seen
	Data     []byte
}

// CallID returns the Call-ID, or "" where none can be read.
func (m Message) CallID() string {
	id, err := header.CallID(m.Data)
	if err != nil {
		return ""
	}
	return string(id)
}

// OfCalls returns the messages that have one of the Call-IDs, in their order.
func OfCalls(messages []Message, callIDs ...string) []Message {
	var out []Message
	for _, m := range messages {
		if slices.Contains(callIDs, m.CallID()) {
			out = append(out, m)
		}
	}
	return out
}

// Merge joins what several ends have noted into one sequence by time. Of a
// message that both its ends noted, what the sender noted stays; as often as
// it was sent, or received where that is more, it is in the result.
func Merge(traces ...[]Message) []Message {
	type key struct {
		from, to netip.AddrPort
		data     string
	}
	var all []Message
	sent := make(map[key]int)
	for _, trace := range traces {
		for _, m := range trace {
			if m.Seen == Sent {
				sent[key{m.From, m.To, string(m.Data)}]++
				all = append(all, m)
			}
		}
	}
	for _, trace := range traces {
		for _, m := range trace {
			if m.Seen != Received {
				continue
			}
			k := key{m.From, m.To, string(m.Data)}
			if sent[k] > 0 {
				sent[k]--
				continue
			}
			all = append(all, m)
		}
	}
	slices.SortStableFunc(all, func(a, b Message) int { return cmp.Compare(a.At.UnixNano(), b.At.UnixNano()) })
	return all
}
