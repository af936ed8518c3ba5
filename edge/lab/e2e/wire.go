package e2e

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"sekisho/edge/lab/audio"
)

// Wire is an ear on loopback: the SIP messages and the sound that come from or go
// to the addresses of one /24.
type Wire struct {
	socket  int
	stop    context.CancelFunc
	done    chan struct{} // closed when the reader has ended
	mu      sync.Mutex
	sip     []Message
	ears    map[netip.AddrPort]*ear
	changed chan struct{} // closed and replaced at each datagram
}

// Message is one SIP message on its way.
type Message struct {
	From, To netip.AddrPort
	Text     string
}

// Header returns the value of a header line that stands there once.
func (m Message) Header(name string) string {
	for line := range strings.Lines(m.Text) {
		if v, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// ear is what one socket has received. Keys are events of RFC 4733, one a
// timestamp.
type ear struct {
	track   audio.Track
	packets int
	reports int // of RTCP
	keys    string
	key     uint32 // timestamp of the last of them
}

// Listen begins to hear addr's neighbours (Neighbour), which needs the right to
// capture. Close ends it.
func Listen(addr netip.Addr) (*Wire, error) {
	w := &Wire{done: make(chan struct{}), ears: map[netip.AddrPort]*ear{}, changed: make(chan struct{})}
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		return nil, fmt.Errorf("hear loopback: %w", err)
	}
	if w.socket, err = unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0); err != nil {
		return nil, fmt.Errorf("hear loopback: %w", err)
	}
	segment := netip.PrefixFrom(addr, 24).Masked().Addr().As4()
	// The packet begins with its IPv4 header: protocol at 9, source at 12, destination at 16.
	only := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 12},
		{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: 0xffffff00},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: binary.BigEndian.Uint32(segment[:]), Jt: 3},
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 16},
		{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: 0xffffff00},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: binary.BigEndian.Uint32(segment[:]), Jf: 3},
		{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: 9},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.IPPROTO_UDP, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: 1 << 16},
		{Code: unix.BPF_RET | unix.BPF_K, K: 0},
	}
	const ipv4 = unix.ETH_P_IP>>8 | unix.ETH_P_IP&0xff<<8 // in network order
	err = errors.Join(
		unix.SetsockoptSockFprog(w.socket, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(only)), Filter: &only[0]}),
		unix.SetsockoptInt(w.socket, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 8<<20),
		// A reader that is not called for notices the end of the wire soon.
		unix.SetsockoptTimeval(w.socket, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 100_000}),
		unix.Bind(w.socket, &unix.SockaddrLinklayer{Protocol: ipv4, Ifindex: lo.Index}),
	)
	if err != nil {
		unix.Close(w.socket)
		return nil, fmt.Errorf("hear loopback: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	w.stop = stop
	go func() { // ends with ctx; Close ends and awaits it
		defer close(w.done)
		w.read(ctx)
	}()
	return w, nil
}

// Close ends the ear and waits for its reader.
func (w *Wire) Close() error {
	w.stop()
	<-w.done
	return unix.Close(w.socket)
}

func (w *Wire) read(ctx context.Context) {
	room := make([]byte, 1<<16)
	for ctx.Err() == nil {
		n, from, err := unix.Recvfrom(w.socket, room, 0)
		if err != nil {
			continue // nothing came
		}
		// Loopback shows each packet on its way out and on its way in.
		if at, ok := from.(*unix.SockaddrLinklayer); ok && at.Pkttype != unix.PACKET_OUTGOING {
			w.take(room[:n])
		}
	}
}

// take files an IPv4 packet that holds UDP.
func (w *Wire) take(p []byte) {
	head := int(p[0]&15) * 4
	if len(p) < head+8 {
		return
	}
	end := func(ip, port int) netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(p[ip:ip+4])), binary.BigEndian.Uint16(p[port:]))
	}
	from, to, body := end(12, head), end(16, head+2), p[head+8:]
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(body) > 0 && body[0] >= 'A' && body[0] <= 'Z' {
		w.sip = append(w.sip, Message{from, to, string(body)})
	} else if len(body) >= 8 && body[0]>>6 == 2 {
		switch kind := body[1] & 0x7f; {
		case kind >= 64 && kind <= 95: // RFC 5761 §4
			w.ear(to).reports++
		case len(body) >= 12:
			w.ear(to).hear(body)
		}
	}
	close(w.changed)
	w.changed = make(chan struct{})
}

func (w *Wire) ear(of netip.AddrPort) *ear {
	if w.ears[of] == nil {
		w.ears[of] = new(ear)
	}
	return w.ears[of]
}

// eventType is the payload type of telephone-events, of all parties.
const eventType = 101

// hear takes an RTP packet: PCMU, or an event of the one type that trials use.
func (e *ear) hear(rtp []byte) {
	e.packets++
	stamp := binary.BigEndian.Uint32(rtp[4:])
	switch body := rtp[12:]; {
	case rtp[1]&0x7f == 0:
		e.track.Add(audio.Packet{SSRC: binary.BigEndian.Uint32(rtp[8:]), Timestamp: stamp, Payload: slices.Clone(body)})
	case rtp[1]&0x7f == eventType && len(body) >= 4 && body[0] < 12 && (e.keys == "" || e.key != stamp):
		e.keys, e.key = e.keys+string("0123456789*#"[body[0]]), stamp
	}
}

// await calls look until it is content.
func (w *Wire) await(look func() bool) error {
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		w.mu.Lock()
		found, changed := look(), w.changed
		w.mu.Unlock()
		if found {
			return nil
		}
		select {
		case <-changed:
		case <-limit.C:
			return fmt.Errorf("nothing of it after %v", patience)
		}
	}
}

// Media waits until the party that speaks SIP at an address has said in the
// dialogue of a Call-ID, empty for any, where it wants its media.
func (w *Wire) Media(sip netip.AddrPort, call string) (at netip.AddrPort, err error) {
	err = w.await(func() bool {
		for _, m := range slices.Backward(w.sip) {
			if m.From == sip && strings.Contains(m.Text, call) {
				if at = described(m.Text); at.IsValid() {
					return true
				}
			}
		}
		return false
	})
	if err != nil {
		return at, fmt.Errorf("the description of %s: %w", sip, err)
	}
	return at, nil
}

// described reads c= and m= of a message that has them.
func described(text string) netip.AddrPort {
	_, body, _ := strings.Cut(text, "\r\n\r\n")
	var addr, port string
	for line := range strings.Lines(body) {
		if v, ok := strings.CutPrefix(line, "c=IN IP4 "); ok {
			addr = strings.TrimSpace(v)
		}
		if v, ok := strings.CutPrefix(line, "m=audio "); ok {
			port, _, _ = strings.Cut(v, " ")
		}
	}
	at, _ := netip.ParseAddrPort(addr + ":" + port) // what is no address is no description
	return at
}

// Packets waits until a socket has received n packets of RTP more.
func (w *Wire) Packets(to netip.AddrPort, n int) error {
	from := -1
	err := w.await(func() bool {
		if from < 0 {
			from = w.ear(to).packets
		}
		return w.ear(to).packets >= from+n
	})
	if err != nil {
		return fmt.Errorf("%d packets for %s: %w", n, to, err)
	}
	return nil
}

// Reported waits until somebody whose RTP goes to a socket has got n reports, there
// or at the port above it.
func (w *Wire) Reported(to netip.AddrPort, n int) error {
	above := netip.AddrPortFrom(to.Addr(), to.Port()+1)
	if err := w.await(func() bool { return w.ear(to).reports+w.ear(above).reports >= n }); err != nil {
		return fmt.Errorf("%d reports for %s: %w", n, to, err)
	}
	return nil
}

// Length is how many samples a socket has heard.
func (w *Wire) Length(at netip.AddrPort) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.ear(at).track.PCM())
}

// Heard returns what a socket has heard since it had heard so many samples.
func (w *Wire) Heard(at netip.AddrPort, from int) []int16 {
	w.mu.Lock()
	defer w.mu.Unlock()
	pcm := w.ear(at).track.PCM()
	return slices.Clone(pcm[min(from, len(pcm)):])
}

// Keys returns the keys that a socket was told of.
func (w *Wire) Keys(at netip.AddrPort) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ear(at).keys
}

// Message waits for the first SIP message to an address that begins so and holds
// each of what is asked.
func (w *Wire) Message(to netip.AddrPort, begins string, holds ...string) (m Message, err error) {
	err = w.await(func() (ok bool) {
		m, _, ok = w.find(0, to, begins, holds...)
		return ok
	})
	if err != nil {
		return m, fmt.Errorf("%q for %s: %w", begins, to, err)
	}
	return m, nil
}

// Messages are the SIP messages so far to an address that begin so.
func (w *Wire) Messages(to netip.AddrPort, begins string) (all []Message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for n := 0; ; {
		m, next, ok := w.find(n, to, begins)
		if !ok {
			return all
		}
		all, n = append(all, m), next
	}
}

func (w *Wire) find(from int, to netip.AddrPort, begins string, holds ...string) (m Message, next int, ok bool) {
	for n, m := range w.sip[from:] {
		if m.To == to && strings.HasPrefix(m.Text, begins) && !slices.ContainsFunc(holds, func(s string) bool { return !strings.Contains(m.Text, s) }) {
			return m, from + n + 1, true
		}
	}
	return Message{}, from, false
}

// Ladder is the SIP messages so far, a line each.
func (w *Wire) Ladder() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var b strings.Builder
	for _, m := range w.sip {
		first, _, _ := strings.Cut(m.Text, "\r\n")
		fmt.Fprintf(&b, "%s -> %s %s\n", m.From, m.To, first)
	}
	return b.String()
}

// Sent waits for a SIP message of an address that begins so.
func (w *Wire) Sent(from netip.AddrPort, begins string) error {
	err := w.await(func() bool {
		return slices.ContainsFunc(w.sip, func(m Message) bool { return m.From == from && strings.HasPrefix(m.Text, begins) })
	})
	if err != nil {
		return fmt.Errorf("%q of %s: %w", begins, from, err)
	}
	return nil
}
