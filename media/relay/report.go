package relay

import (
	"encoding/binary"
	"time"

	"sekisho/media/quality"
)

// interval is the mean time between two reports of ours: the least of RFC 3550
// §6.2, which is in force however little bandwidth the rest of a call leaves.
const interval = 5 * time.Second

// Report is what one endpoint tells its peer: what it hears of it. The out-half
// adds what it sends.
type Report struct {
	at         time.Time
	ntp        uint64
	about      SSRC
	block      quality.Reception
	heard      bool // block is set
	lsr, delay uint32
}

// Begin starts the clock of an endpoint that is described: of its reports and
// of its quality. seed draws the times between reports; it is random for each
// lease.
func (h *InHalf) Begin(now time.Time, seed uint32) {
	if h.rtcp.pace != 0 {
		return
	}
	h.rtcp.pace = seed | 1
	// RFC 3550 §6.2: half the time before the first report.
	h.rtcp.next = now.Add(h.rtcp.draw() / 2)
	h.measureAt = now.Add(quality.Period)
}

// draw returns the time to the next report: between 0.5 and 1.5 of the mean, so
// that many sessions do not report at once (RFC 3550 §6.2).
func (s *session) draw() time.Duration {
	x := s.pace
	x ^= x << 13
	x ^= x >> 17
	x ^= x << 5
	s.pace = x
	return interval/2 + time.Duration(x%uint32(interval/time.Millisecond))*time.Millisecond
}

// Report returns what is to be told now, if a report is due. An endpoint on
// hold reports as well (RFC 3264 §8.4).
func (h *InHalf) Report(now time.Time) (Report, bool) {
	s := &h.rtcp
	if s.next.IsZero() || now.Before(s.next) {
		return Report{}, false
	}
	s.next = now.Add(s.draw())
	r := Report{at: now, ntp: ntp(now)}
	r.block, r.heard = h.quality.Report()
	r.heard = r.heard && h.pin.set
	r.about = h.pin.ssrc
	if s.lsr != 0 {
		r.lsr = s.lsr
		r.delay = uint32(min(now.Sub(s.lsrAt), time.Hour) * (1 << 16) / time.Second)
	}
	s.stamps[s.stamp%uint8(len(s.stamps))] = middle(r.ntp)
	s.stamp++
	return r, true
}

// AppendReport appends to dst the compound packet that tells this stream's
// receiver r and what has been sent to it, and returns the extended slice; it
// returns dst as it was where there is nobody to tell.
func (o *OutHalf) AppendReport(dst []byte, r Report) []byte {
	if !o.toRTCP.IsValid() || o.datagrams {
		return dst
	}
	at := len(dst)
	kind := byte(receiverReport)
	// RFC 3550 §6.4: a sender report if anything was sent since the last one or
	// the one before.
	if o.sent > o.reported[1] {
		kind = senderReport
	}
	o.reported = [2]uint64{o.sent, o.reported[0]}
	dst = append(dst, 2<<6, kind, 0, 0)
	dst = binary.BigEndian.AppendUint32(dst, uint32(o.ssrc))
	if kind == senderReport {
		dst = binary.BigEndian.AppendUint64(dst, r.ntp)
		dst = binary.BigEndian.AppendUint32(dst, o.next+uint32(r.at.Sub(o.nextAt)*clock/time.Second))
		dst = binary.BigEndian.AppendUint32(dst, uint32(o.sent))
		dst = binary.BigEndian.AppendUint32(dst, o.octets)
	}
	if r.heard {
		dst[at]++
		dst = binary.BigEndian.AppendUint32(dst, uint32(r.about))
		dst = binary.BigEndian.AppendUint32(dst, uint32(r.block.Fraction)<<24|uint32(r.block.Lost)&0xffffff)
		for _, v := range [...]uint32{r.block.Highest, r.block.Jitter, r.lsr, r.delay} {
			dst = binary.BigEndian.AppendUint32(dst, v)
		}
	}
	binary.BigEndian.PutUint16(dst[at+2:], uint16((len(dst)-at)/4-1))
	return o.appendDescription(dst)
}

// appendDescription appends the source description that every compound packet
// must carry (RFC 3550 §6.1), with a canonical name made from our SSRC: the
// peer's would name hosts behind us.
func (o *OutHalf) appendDescription(dst []byte) []byte {
	const hex = "0123456789abcdef"
	at := len(dst)
	dst = append(dst, 2<<6|1, sourceDescription, 0, 4, 0, 0, 0, 0, cname, 8)
	for shift := 28; shift >= 0; shift -= 4 {
		dst = append(dst, hex[o.ssrc>>shift&0xf])
	}
	dst = append(dst, 0, 0) // the item list ends, on a boundary of 32 bits
	binary.BigEndian.PutUint32(dst[at+4:], uint32(o.ssrc))
	return dst
}
