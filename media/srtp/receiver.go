package srtp

import (
	"errors"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
)

const (
	// replayWindow is how far behind the newest a packet may be, in packets:
	// RFC 3711 §3.3.2 asks for 64 at least.
	replayWindow = 128
	// maxStreams bounds the SSRCs that state is kept for under one key. None is
	// forgotten while the key is in use, or its packets could be replayed.
	maxStreams = 32
	// longestPacket is the longest that is tried twice, in bytes.
	longestPacket = 2048
	// wrapped is below what a sequence number may be that has wrapped while
	// nothing was heard: five minutes of 20 ms packets.
	wrapped = 1 << 14
)

// Receiver opens what one peer sends.
type Receiver struct {
	current *context
	// next are candidates for the key that follows: at rollover counter zero, as
	// who makes a new context of a new key begins, and at the counter reached, as
	// RFC 3711 §3.3.1 has it.
	next [2]*context
	// ahead is the current key at rollover counter one, while nothing has proven
	// authentic; nil before it is needed.
	ahead   *context
	scratch []byte // for what may fail, because a failed try spoils the packet
}

// context is the state of one key.
type context struct {
	key    Key
	srtp   *srtp.Context
	header rtp.Header
	// streams and controls count the SSRCs known, of RTP and RTCP.
	streams, controls int
	newest            stream
	resume            resume
}

// resume is where the state of a stream goes on that another context began.
type resume struct {
	from    uint64 // index
	ssrc    uint32
	pending bool // nothing has proven authentic since
	// floored refuses what is not newer than from, and than control.
	floored bool
	control uint32
}

// NewReceiver returns the receiver of a key, which must not be zero.
func NewReceiver(k Key) (*Receiver, error) {
	c, err := open(k)
	if err != nil {
		return nil, err
	}
	return &Receiver{current: c}, nil
}

func open(k Key) (*context, error) {
	c, err := newContext(k)
	if err != nil {
		return nil, err
	}
	return &context{key: k, srtp: c}, nil
}

// Key returns the key that was set last.
func (r *Receiver) Key() Key {
	if r.next[0] != nil {
		return r.next[0].key
	}
	return r.current.key
}

// Rekey sets the key of what the peer sends from now on. The same key as before
// changes nothing. The error leaves the receiver as it was.
func (r *Receiver) Rekey(k Key) error {
	switch k {
	case r.Key():
		return nil
	case r.current.key: // back again before anything came under the other
		r.next = [2]*context{}
		return nil
	}
	fresh, err := open(k)
	if err != nil {
		return err
	}
	next := [2]*context{fresh}
	if old := r.current.newest; old.begun && old.index>>16 != 0 {
		if next[1], err = open(k); err != nil {
			return err
		}
		next[1].resume = resume{from: old.index, ssrc: old.ssrc, pending: true}
	}
	r.next = next
	if r.scratch == nil {
		r.scratch = make([]byte, 0, longestPacket)
	}
	return nil
}

// RTP opens a packet in place. What it returns begins where p does; with a Fault
// the bytes of p mean nothing any more.
func (r *Receiver) RTP(p []byte) ([]byte, Fault) {
	if headerLength(p) == 0 {
		return nil, Malformed
	}
	for _, c := range r.next {
		if c == nil || len(p) > longestPacket {
			continue
		}
		if out, f := c.rtp(r.scratch[:0], p); f == None {
			return r.turn(c, p, out)
		}
	}
	if !r.current.newest.begun && len(p) <= longestPacket {
		return r.first(p)
	}
	return r.current.rtp(p[:0], p)
}

// first opens what may be the first packet under a key. A peer may have begun
// near the end of the sequence numbers and what it sent before they wrapped be
// lost: then its counter is one where ours would be zero, and would stay so. RFC
// 3711 §3.3.1 has senders begin low for that reason; not all do.
func (r *Receiver) first(p []byte) ([]byte, Fault) {
	if r.scratch == nil {
		r.scratch = make([]byte, 0, longestPacket)
	}
	out, f := r.current.rtp(r.scratch[:0], p)
	if f == Unauthentic && sequence(p) < wrapped && !r.current.resume.pending {
		var ok bool
		if out, ok = r.lookAhead(p); ok {
			r.current, f = r.ahead, None
		}
	}
	if f != None {
		return nil, f
	}
	return r.settled(p, out), None
}

// settled copies what was opened in scratch to where it came from.
func (r *Receiver) settled(p, out []byte) []byte {
	p = append(p[:0], out...)
	r.ahead = nil
	if r.next[0] == nil {
		r.scratch = nil
	}
	return p
}

func (r *Receiver) lookAhead(p []byte) ([]byte, bool) {
	if r.ahead == nil {
		c, err := open(r.current.key)
		if err != nil {
			return nil, false // it was made before, so it can be made
		}
		r.ahead = c
	}
	c, ssrc := r.ahead, source(p)
	if _, known := c.srtp.ROC(ssrc); !known {
		if c.streams == maxStreams {
			return nil, false
		}
		c.streams++
	}
	c.srtp.SetROC(ssrc, 1)
	out, err := c.srtp.DecryptRTP(r.scratch[:0], p, &c.header)
	if err != nil {
		return nil, false
	}
	c.newest = stream{ssrc: ssrc, known: true, begun: true, index: 1<<16 | uint64(sequence(p))}
	return out, true
}

// RTCP opens a compound packet in place, as RTP does.
func (r *Receiver) RTCP(p []byte) ([]byte, Fault) {
	for _, c := range r.next {
		if c == nil || len(p) > longestPacket {
			continue
		}
		if out, f := c.rtcp(r.scratch[:0], p); f == None {
			return r.turn(c, p, out)
		}
	}
	return r.current.rtcp(p[:0], p)
}

// turn makes c the current key, which its first authentic packet has proven.
func (r *Receiver) turn(c *context, p, out []byte) ([]byte, Fault) {
	r.current, r.next = c, [2]*context{}
	return r.settled(p, out), None
}

func (c *context) rtp(dst, p []byte) ([]byte, Fault) {
	ssrc, seq := source(p), sequence(p)
	if re := &c.resume; ssrc == re.ssrc && (re.pending || re.floored) {
		index := guess(re.from, seq)
		if c.newest.begun && c.newest.ssrc == ssrc {
			index = guess(c.newest.index, seq)
		}
		if re.floored && index <= re.from {
			return nil, Replayed
		}
		if re.pending {
			c.srtp.SetROC(ssrc, uint32(index>>16))
		}
	}
	_, known := c.srtp.ROC(ssrc)
	if !known && c.streams == maxStreams {
		return nil, Crowded
	}
	out, err := c.srtp.DecryptRTP(dst, p, &c.header)
	if err != nil {
		return nil, fault(err)
	}
	if !known {
		c.streams++
	}
	if c.resume.pending && ssrc == c.resume.ssrc {
		c.resume.pending = false
		c.newest = stream{ssrc: ssrc, known: true, begun: true, index: guess(c.resume.from, seq), control: c.newest.control}
		return out, None
	}
	c.newest.advance(ssrc, seq)
	return out, None
}

func (c *context) rtcp(dst, p []byte) ([]byte, Fault) {
	ssrc, word, ok := control(c.key.suite, p)
	if !ok {
		return nil, Malformed
	}
	index := word &^ encrypted
	switch {
	case word&encrypted == 0:
		// Nobody has been told that RTCP may come unencrypted.
		return nil, Unauthentic
	case c.resume.floored && ssrc == c.resume.ssrc && index <= c.resume.control:
		return nil, Replayed
	}
	_, known := c.srtp.Index(ssrc)
	if !known && c.controls == maxStreams {
		return nil, Crowded
	}
	out, err := c.srtp.DecryptRTCP(dst, p, nil)
	if err != nil {
		return nil, fault(err)
	}
	if !known {
		c.controls++
	}
	if ssrc == c.newest.ssrc {
		c.newest.control = max(c.newest.control, index)
	}
	return out, None
}

// advance takes note of an authentic packet.
func (s *stream) advance(ssrc uint32, seq uint16) {
	if !s.begun || s.ssrc != ssrc {
		*s = stream{ssrc: ssrc, known: true, begun: true, index: uint64(seq)}
		return
	}
	s.index = max(s.index, guess(s.index, seq))
}

// fault sorts the library's errors. Its error for a replay is not exported; the
// others have been ruled out before.
func fault(err error) Fault {
	if errors.Is(err, srtp.ErrFailedToVerifyAuthTag) {
		return Unauthentic
	}
	return Replayed
}
