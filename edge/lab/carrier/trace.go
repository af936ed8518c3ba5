package carrier

import (
	"bytes"
	"net/netip"
	"slices"
	"sync"
	"time"

	"sekisho/edge/lab/siptest"
	"sekisho/edge/sip/transport"
)

// most bounds a trace; the older half goes when it is reached.
const most = 65_536

// trace collects messages. Our own address is filled in when it is read, since
// readers deliver before anybody knows it.
type trace struct {
	mu       sync.Mutex
	messages []siptest.Message
}

func (t *trace) received(m *transport.Incoming) {
	t.add(siptest.Message{At: m.At, Seen: siptest.Received, From: m.Flow.Remote, Data: bytes.Clone(m.Data)})
}

func (t *trace) sent(now time.Time, m *transport.Outgoing) {
	t.add(siptest.Message{At: now, Seen: siptest.Sent, To: m.Flow.Remote, Data: bytes.Clone(m.Data)})
}

func (t *trace) add(m siptest.Message) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.messages) == most {
		t.messages = slices.Delete(t.messages, 0, most/2)
	}
	t.messages = append(t.messages, m)
}

func (t *trace) read(self netip.AddrPort) []siptest.Message {
	t.mu.Lock()
	out := slices.Clone(t.messages)
	t.mu.Unlock()
	for i := range out {
		if out[i].Seen == siptest.Sent {
			out[i].From = self
		} else {
			out[i].To = self
		}
	}
	return out
}

// invite returns the octets of the newest INVITE received with a Call-ID.
func (t *trace) invite(callID string) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, m := range slices.Backward(t.messages) {
		if m.Seen == siptest.Received && bytes.HasPrefix(m.Data, []byte("INVITE ")) && m.CallID() == callID {
			return m.Data
		}
	}
	return nil
}
