package carrier

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"

	"sekisho/edge/lab/audio"
	"sekisho/edge/sip/sdp"
	"sekisho/media/quality"
)

// Phase divides what was heard.
type Phase uint8

// The phases of a call's media.
const (
	Early Phase = iota
	Talk
)

// media is one call's pair of sockets with its speaker and its listeners. It
// lives from before the INVITE or the answer to the end of the call; what was
// heard outlives it.
type media struct {
	rtp, rtcp *net.UDPConn
	addr      netip.AddrPort // of rtp
	bell      *bell          // rung for every packet that came
	stop      chan struct{}  // closed by close
	stopOnce  sync.Once
	// wake has room for one; it tells the speaker that it may begin.
	wake chan struct{}
	line func(packet []byte) // Config.Line, or nil
	lean bool                // Config.Lean
	mute bool                // sends keys alone

	// What our stream starts with (RFC 3550 §5.1: random), the sequence below
	// 32768 as SRTP wants it (RFC 3711 §3.3.1).
	ssrc     uint32
	sequence uint16
	origin   uint32

	mu      sync.Mutex
	session sdp.Negotiated
	secured secured
	agreed  bool
	phase   Phase
	open    bool // the speaker may speak
	presses []press
	sent    sent
	ear     [Talk + 1]ear
	digits  []Digit
	reports Reports
	// received measures the stream that our reports are about.
	received     quality.Stream
	receivedSSRC uint32
	lastReport   uint32 // middle 32 bits of the NTP time of the last SR
	lastReportAt time.Time
}

// sent is what a sender report says of us (RFC 3550 §6.4.1).
type sent struct {
	packets, octets uint32
	timestamp       uint32
}

var errNoPair = errors.New("no pair of free ports")

// openMedia binds an even port and the next one (RFC 3550 §11).
func openMedia(addr netip.Addr, seed uint64, b *bell) (*media, error) {
	const attempts = 50
	var err error
	for range attempts {
		var rtp, rtcp *net.UDPConn
		rtp, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, 0)))
		if err != nil {
			return nil, err
		}
		at := rtp.LocalAddr().(*net.UDPAddr).AddrPort()
		at = netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
		if at.Port()%2 == 0 {
			rtcp, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, at.Port()+1)))
			if err == nil {
				r := rand.New(rand.NewPCG(seed, 3))
				return &media{
					rtp: rtp, rtcp: rtcp, addr: at, bell: b, stop: make(chan struct{}), wake: make(chan struct{}, 1),
					ssrc: r.Uint32(), sequence: uint16(r.Uint32() >> 17), origin: r.Uint32(),
				}, nil
			}
		}
		rtp.Close()
	}
	if err != nil {
		return nil, err
	}
	return nil, errNoPair
}

// aim takes what was agreed.
func (m *media) aim(n sdp.Negotiated) {
	m.mu.Lock()
	m.session, m.agreed = n, true
	m.secured.rekey(n.Keys)
	m.mu.Unlock()
	m.rouse()
}

// begin starts a phase; from the first one on the speaker may speak.
func (m *media) begin(p Phase) {
	m.mu.Lock()
	m.phase, m.open = p, true
	m.mu.Unlock()
	m.rouse()
}

func (m *media) press(event byte, d time.Duration) {
	m.mu.Lock()
	m.presses = append(m.presses, press{event: event, length: uint16(min(d*audio.Rate/time.Second, 65_535))})
	m.mu.Unlock()
	m.rouse() // who is mute
}

// close ends the three goroutines without waiting for them.
func (m *media) close() {
	m.stopOnce.Do(func() {
		close(m.stop)
		m.rtp.Close()
		m.rtcp.Close()
	})
}

func (m *media) rouse() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}
