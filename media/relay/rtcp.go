package relay

import "encoding/binary"

// RTCP packet types (RFC 3550 §12.1).
const (
	senderReport      = 200
	receiverReport    = 201
	sourceDescription = 202
	lastKnownReport   = 207 // extended reports, RFC 3611
)

const (
	reportHeader = 8  // fixed header and SSRC
	senderInfo   = 20 // NTP and RTP time, packet and octet counts
	reportBlock  = 24
	cname        = 1
)

// Return is what a report about our stream toward its writer must be translated
// by, before the peer whose packets feed that stream can read it. It comes from
// the out-half toward the writer and the in-half that feeds it. The zero Return
// translates nothing: report blocks are left out.
type Return struct {
	known  bool
	local  SSRC // of our stream, as the writer knows it
	remote SSRC // of the peer's stream that feeds it
	seqAdd uint16
}

// Return returns the translation of reports about this stream, while in feeds
// it with the stream that it has pinned.
func (o *OutHalf) Return(in *InHalf) Return {
	ssrc, ok := in.SSRC()
	return Return{known: ok && o.splice != whole && o.feed == ssrc, local: o.ssrc, remote: ssrc, seqAdd: o.seqs.add}
}

// AppendRTCP appends to dst the compound packet that tells this stream's
// receiver what the compound packet from its feeder says, and returns the
// extended slice; it returns dst as it was where nothing is to be told. The
// compound must be one that HandleRTCP has forwarded, and back is the
// translation of its report blocks.
//
// A sender report keeps its NTP time, so that the round-trip time which the two
// ends compute (RFC 3550 §6.4.1) is the whole one. Packet and octet counts are
// those of our stream. BYE, APP, feedback and extended reports are left out.
func (o *OutHalf) AppendRTCP(dst, compound []byte, back Return) []byte {
	if !o.direction.Sends() || !o.toRTCP.IsValid() {
		return dst
	}
	begun := len(dst)
	for len(compound) > 0 {
		n := length(compound)
		one := compound[:n]
		compound = compound[n:]
		switch one[1] {
		case senderReport:
			dst = o.appendSender(dst, one, back)
		case receiverReport:
			dst = o.appendReceiver(dst, one, back)
		}
	}
	if len(dst) == begun {
		return dst
	}
	return o.appendDescription(dst)
}

func (o *OutHalf) appendSender(dst, one []byte, back Return) []byte {
	if len(one) < reportHeader+senderInfo {
		return dst
	}
	if o.splice == whole || SSRC(binary.BigEndian.Uint32(one[4:])) != o.feed {
		// Its RTP time is on a clock that this stream does not follow.
		return o.appendReceiver(dst, one, back)
	}
	at := len(dst)
	dst = append(dst, one[:reportHeader+senderInfo]...)
	ts := binary.BigEndian.Uint32(one[16:])
	binary.BigEndian.PutUint32(dst[at+16:], ts+o.tsAdd)
	binary.BigEndian.PutUint32(dst[at+20:], uint32(o.sent))
	binary.BigEndian.PutUint32(dst[at+24:], o.octets)
	return o.finish(appendBlocks(dst, one, back), at, senderReport)
}

func (o *OutHalf) appendReceiver(dst, one []byte, back Return) []byte {
	at := len(dst)
	dst = append(dst, one[:reportHeader]...)
	return o.finish(appendBlocks(dst, one, back), at, receiverReport)
}

// appendBlocks appends the report blocks about our own stream, translated.
func appendBlocks(dst, one []byte, back Return) []byte {
	if !back.known {
		return dst
	}
	blocks := one[reportHeader:]
	if one[1] == senderReport {
		blocks = blocks[senderInfo:]
	}
	for range one[0] & 0x1f {
		b := blocks[:reportBlock]
		blocks = blocks[reportBlock:]
		if SSRC(binary.BigEndian.Uint32(b)) != back.local {
			continue
		}
		at := len(dst)
		dst = append(dst, b...)
		binary.BigEndian.PutUint32(dst[at:], uint32(back.remote))
		highest := binary.BigEndian.Uint32(b[8:])
		seq := uint16(highest) - back.seqAdd
		binary.BigEndian.PutUint32(dst[at+8:], highest&^0xffff|uint32(seq))
	}
	return dst
}

// finish writes the header of the report that begins at offset at.
func (o *OutHalf) finish(dst []byte, at int, kind byte) []byte {
	fixed := reportHeader
	if kind == senderReport {
		fixed += senderInfo
	}
	dst[at] = 2<<6 | byte((len(dst)-at-fixed)/reportBlock)
	dst[at+1] = kind
	binary.BigEndian.PutUint16(dst[at+2:], uint16((len(dst)-at)/4-1))
	binary.BigEndian.PutUint32(dst[at+4:], uint32(o.ssrc))
	return dst
}

// appendDescription appends the source description that every compound packet
// must carry (RFC 3550 §6.1), with a canonical name made from our SSRC.
func (o *OutHalf) appendDescription(dst []byte) []byte {
	const hex = "0123456789abcdef"
	at := len(dst)
	dst = append(dst, 2<<6|1, sourceDescription, 0, 5, 0, 0, 0, 0, cname, 8)
	for shift := 28; shift >= 0; shift -= 4 {
		dst = append(dst, hex[o.ssrc>>shift&0xf])
	}
	dst = append(dst, 0, 0, 0, 0, 0, 0) // the item list ends and is padded to 32 bits
	binary.BigEndian.PutUint32(dst[at+4:], uint32(o.ssrc))
	return dst
}

// validCompound checks what RFC 3550 A.2 asks of a compound packet: version 2
// throughout, a report first, padding only in the last packet, lengths that add
// up. It checks the report counts too, on which appendBlocks relies.
func validCompound(d []byte) bool {
	if len(d) < reportHeader || d[0]&(3<<6|padding) != 2<<6 || d[1] != senderReport && d[1] != receiverReport {
		return false
	}
	for len(d) > 0 {
		if len(d) < 4 || d[0]>>6 != 2 || d[1] < senderReport || d[1] > lastKnownReport {
			return false
		}
		n := length(d)
		if n > len(d) || d[0]&padding != 0 && n != len(d) {
			return false
		}
		blocks := int(d[0]&0x1f) * reportBlock
		switch d[1] {
		case senderReport:
			if n < reportHeader+senderInfo+blocks {
				return false
			}
		case receiverReport:
			if n < reportHeader+blocks {
				return false
			}
		}
		d = d[n:]
	}
	return true
}

// length returns the length in octets of the RTCP packet that d begins with.
func length(d []byte) int { return 4 * (int(binary.BigEndian.Uint16(d[2:])) + 1) }
