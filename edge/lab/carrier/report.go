package carrier

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"sekisho/edge/lab/audio"
)

// Reports is what came on the RTCP socket.
type Reports struct {
	// Compounds counts datagrams, SenderReports and ReceiverReports the packets
	// in them, Unreadable those that are no RTCP.
	Compounds, SenderReports, ReceiverReports, Unreadable int
	// AboutUs counts report blocks about the stream that we send, AboutOthers
	// those about any other.
	AboutUs, AboutOthers int
	// Lost is what the last block about us said (RFC 3550 §6.4.1).
	Lost    int
	Sources []netip.AddrPort
}

// RTCP (RFC 3550 §12.1, §6.4, §6.5).
const (
	senderReport   = 200
	receiverReport = 201
	description    = 202
	version2       = 2 << 6
	blockLength    = 24
	canonicalName  = 1
)

// ntpEpoch is the NTP time of the Unix epoch, in seconds.
const ntpEpoch = 2_208_988_800

// sendReport sends a compound packet: sender report and CNAME, "in each
// compound RTCP packet" (RFC 3550 §6.1).
func (s *speaker) sendReport(now time.Time, to netip.AddrPort) {
	if !to.IsValid() {
		return
	}
	s.report = s.m.appendReport(s.report[:0], now)
	report, err := s.m.protectReport(s.report)
	if err != nil {
		return // keys are used up after 2^31 reports
	}
	// A report that does not leave is lost, as any may be.
	_, _ = s.m.rtcp.WriteToUDPAddrPort(report, to)
}

func (m *media) appendReport(b []byte, now time.Time) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	blocks := 0
	if m.received.Totals().Received > 0 {
		blocks = 1
	}
	b = append(b, version2|byte(blocks), senderReport)
	b = binary.BigEndian.AppendUint16(b, uint16(6+blocks*blockLength/4))
	b = binary.BigEndian.AppendUint32(b, m.ssrc)
	b = binary.BigEndian.AppendUint64(b, ntp(now))
	b = binary.BigEndian.AppendUint32(b, m.sent.timestamp)
	b = binary.BigEndian.AppendUint32(b, m.sent.packets)
	b = binary.BigEndian.AppendUint32(b, m.sent.octets)
	if blocks > 0 {
		b = m.appendBlock(b, now)
	}
	// SSRC, one CNAME item, and zeros to end the list on a 32-bit boundary.
	const name = "lab@test"
	b = append(b, version2|1, description)
	b = binary.BigEndian.AppendUint16(b, 4)
	b = binary.BigEndian.AppendUint32(b, m.ssrc)
	b = append(b, canonicalName, byte(len(name)))
	b = append(b, name...)
	return append(b, 0, 0)
}

// appendBlock reports on the stream heard last. Fraction lost stays 0: nobody
// here reads it.
func (m *media) appendBlock(b []byte, now time.Time) []byte {
	lost := max(0, min(m.received.Totals().Lost, 1<<23-1))
	b = binary.BigEndian.AppendUint32(b, m.receivedSSRC)
	b = binary.BigEndian.AppendUint32(b, uint32(lost))
	b = binary.BigEndian.AppendUint32(b, m.received.ExtendedHighest())
	b = binary.BigEndian.AppendUint32(b, uint32(m.received.Jitter()*audio.Rate/time.Second))
	b = binary.BigEndian.AppendUint32(b, m.lastReport)
	since := uint32(0)
	if m.lastReport != 0 {
		since = uint32(now.Sub(m.lastReportAt) * 65_536 / time.Second)
	}
	return binary.BigEndian.AppendUint32(b, since)
}

// listenRTCP takes RTCP until the socket is closed.
func (m *media) listenRTCP() {
	var buf [2048]byte
	for {
		n, from, err := m.rtcp.ReadFromUDPAddrPort(buf[:])
		if err != nil {
			return
		}
		m.readReport(time.Now(), netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), buf[:n])
		m.bell.ring()
	}
}

func (m *media) readReport(now time.Time, from netip.AddrPort, b []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := &m.reports
	r.Compounds++
	if !slices.Contains(r.Sources, from) {
		r.Sources = append(r.Sources, from)
	}
	b, ok := m.secured.openReport(b)
	if !ok {
		r.Unreadable++
		return
	}
	for len(b) > 0 {
		if len(b) < 8 || b[0]&0xc0 != version2 {
			r.Unreadable++
			return
		}
		n := 4 * (int(binary.BigEndian.Uint16(b[2:])) + 1)
		if n > len(b) || n < 8 {
			r.Unreadable++
			return
		}
		one := b[:n]
		b = b[n:]
		blocks := one[8:]
		switch one[1] {
		case senderReport:
			if len(one) < 28 {
				r.Unreadable++
				return
			}
			r.SenderReports++
			m.lastReport, m.lastReportAt = binary.BigEndian.Uint32(one[10:]), now
			blocks = one[28:]
		case receiverReport:
			r.ReceiverReports++
		default:
			continue
		}
		for range one[0] & 0x1f {
			if len(blocks) < blockLength {
				r.Unreadable++
				return
			}
			m.readBlock(blocks)
			blocks = blocks[blockLength:]
		}
	}
}

func (m *media) readBlock(b []byte) {
	if binary.BigEndian.Uint32(b) != m.ssrc {
		m.reports.AboutOthers++
		return
	}
	m.reports.AboutUs++
	m.reports.Lost = int(int32(binary.BigEndian.Uint32(b[4:])<<8) >> 8) // 24 bits, signed
}

// ntp returns t as an NTP timestamp: seconds and their fraction (RFC 3550 §4).
func ntp(t time.Time) uint64 {
	seconds := uint64(t.Unix() + ntpEpoch)
	return seconds<<32 | uint64(t.Nanosecond())<<32/uint64(time.Second)
}
