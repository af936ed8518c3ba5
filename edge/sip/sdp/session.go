package sdp

import (
	"fmt"
	"net/netip"
	"strings"

	"sekisho/media/relay"
)

// Local is our side of one leg.
type Local struct {
	// Addr is where we want RTP. The caller sets it before Offer or Answer and
	// may change it between exchanges.
	Addr netip.AddrPort
	// Session and Version are those of our o= line (RFC 8866 §5.2). The caller
	// draws both; Version grows only when the text does.
	Session, Version uint64
}

// State is where a leg's offer/answer stands (RFC 3261 §13.2.1, RFC 3264 §4).
type State uint8

// The states of a Session.
const (
	Idle        State = iota // nothing agreed, nothing outstanding
	LocalOffer               // ours awaits the peer's answer
	RemoteOffer              // the peer's awaits our answer
	Stable                   // agreed
)

// Stream is one m= line of an exchange, as far as a later one has to repeat it.
type Stream struct {
	Kind, Proto, Format string
}

// Time is the t= line, in NTP seconds (RFC 8866 §5.9).
type Time struct{ Start, Stop uint64 }

// Half is one side's audio, reduced to what an answer is computed from.
type Half struct {
	RTP, RTCP      netip.AddrPort
	Direction      relay.Direction
	Ptime          uint8
	PCMU, PCMA     relay.PayloadType // NoPayload where not described
	TelephoneEvent relay.PayloadType
}

// Exchange is the offer that is outstanding or was answered last.
type Exchange struct {
	Offer   Half
	Streams []Stream
	Audio   int // index in Streams
	Time    Time
	ByUs    bool
}

// Agreement is the outcome of an exchange. Streams is nil where there is none.
type Agreement struct {
	Streams    []Stream
	Audio      int // index in Streams
	Local      netip.AddrPort
	Negotiated Negotiated
}

// Session is the offer/answer state of one leg, as plain data. Its zero value
// with Local set is Idle. The fields beside Local belong to the methods; they
// are exported to be carried over a restart. Slices are replaced, never
// written to, so a copy of the value is a fork of the session.
type Session struct {
	Local Local
	State State
	// Settled ends the tolerance for the same answer once more.
	Settled bool
	// Sent is the description we sent last. Read-only.
	Sent     []byte
	Exchange Exchange
	// Current is in force; Previous is what Rollback returns to while Current
	// is not settled.
	Current, Previous Agreement
}

// Offer returns our offer, read-only. A later one keeps the m= lines, payload
// types and order of what is in force (RFC 3264 §8). It fails with ErrState
// while an offer is outstanding, ErrLocal without an address, ErrNoCommonCodec
// if caps has no codec; then nothing has changed.
func (s *Session) Offer(caps Caps, dir relay.Direction) ([]byte, error) {
	if s.State == LocalOffer || s.State == RemoteOffer {
		return nil, ErrState
	}
	if !s.Local.Addr.IsValid() {
		return nil, ErrLocal
	}
	var buf [4]Codec
	formats := s.offered(buf[:0], caps)
	if len(caps.Codecs) == 0 || len(formats) == 0 {
		return nil, ErrNoCommonCodec
	}
	s.Settle()
	ex := Exchange{ByUs: true, Streams: s.Current.Streams, Audio: s.Current.Audio, Time: s.Exchange.Time}
	if ex.Streams == nil {
		ex.Streams = []Stream{{"audio", "RTP/AVP", "0"}}
	}
	ex.Offer = half(formats)
	ex.Offer.Direction, ex.Offer.Ptime = dir, caps.ptime()
	s.Exchange, s.State = ex, LocalOffer
	return s.publish(body{ex.Streams, ex.Audio, formats, ex.Offer.Ptime, dir, ex.Time}), nil
}

// RemoteOffer takes the peer's offer. It fails with ErrState while an offer is
// outstanding, with ErrNoAudio or ErrTransport if no stream could be answered
// (T.38 alone, SRTP); then nothing has changed and the refusal is 488.
func (s *Session) RemoteOffer(d *Description) error {
	if s.State == LocalOffer || s.State == RemoteOffer {
		return ErrState
	}
	a, ok := d.Audio()
	if !ok {
		return ErrNoAudio
	}
	if !carries(a.Proto) {
		return fmt.Errorf("%w: %q", ErrTransport, a.Proto)
	}
	s.Settle()
	s.Exchange = Exchange{Offer: described(a), Streams: streams(d), Audio: a.Index, Time: d.time()}
	s.State = RemoteOffer
	return nil
}

// Answer returns our answer to the peer's offer, read-only: its m= lines, all
// but the audio with port 0, with the first codec of caps that was offered and
// telephone-event, under the peer's payload types (RFC 3264 §6). One codec
// only, since an endpoint carries one. dir is narrowed to what the offer
// allows. It fails with ErrNoCommonCodec or ErrAddress and then waits for
// another Answer or Rollback.
//
// Until Settle it may be called again for the same offer, as a 18x and the 200
// each carry an answer: the later one replaces. RFC 3264 §4 knows one answer,
// so a caller that sent the first reliably settles.
func (s *Session) Answer(caps Caps, dir relay.Direction) ([]byte, error) {
	again := s.State == Stable && !s.Settled && !s.Exchange.ByUs
	if s.State != RemoteOffer && !again {
		return nil, ErrState
	}
	if !s.Local.Addr.IsValid() {
		return nil, ErrLocal
	}
	theirs := s.Exchange.Offer
	if !s.reaches(theirs.RTP) {
		return nil, ErrAddress
	}
	codec, ok := theirs.common(caps)
	if !ok {
		return nil, ErrNoCommonCodec
	}
	pt := theirs.payload(codec)
	n := Negotiated{
		Codec:   codec,
		AudioIn: pt, AudioOut: pt,
		EventIn: relay.NoPayload, EventOut: relay.NoPayload,
		Ptime:     first(theirs.Ptime, caps.ptime()),
		Direction: Narrow(dir, Reverse(theirs.Direction)),
		Hold:      !theirs.Direction.Receives(),
	}
	buf := [2]Codec{{Static(codec).Name, clock, 1, pt}}
	formats := buf[:1]
	if caps.events() && theirs.TelephoneEvent != relay.NoPayload {
		n.EventIn, n.EventOut = theirs.TelephoneEvent, theirs.TelephoneEvent
		formats = append(formats, Codec{nameEvent, clock, 1, n.EventIn})
	}
	s.agree(theirs, n)
	ex := s.Exchange
	return s.publish(body{ex.Streams, ex.Audio, formats, caps.ptime(), n.Direction, ex.Time}), nil
}

// RemoteAnswer takes the peer's answer to our offer. It fails with ErrState if
// there is no offer, ErrAnswer, ErrNoAudio, ErrTransport, ErrNoCommonCodec or
// ErrAddress if the answer does not fit; then nothing has changed.
//
// The first answer counts. Another one until Settle replaces it, as a 200 after
// an unreliable 18x may differ in the field; after Settle it is ignored
// (RFC 3261 §13.2.1). Compare Negotiated to see whether anything changed.
func (s *Session) RemoteAnswer(d *Description) error {
	if s.State == Stable && s.Exchange.ByUs {
		if s.Settled {
			return nil
		}
	} else if s.State != LocalOffer {
		return ErrState
	}
	a, err := s.answered(d)
	if err != nil {
		return err
	}
	ours, theirs := s.Exchange.Offer, described(a)
	n := Negotiated{
		EventIn: relay.NoPayload, EventOut: relay.NoPayload,
		Ptime: first(theirs.Ptime, ours.Ptime),
		// An answer may allow more than the offer did, against RFC 3264 §6.1:
		// common after a hold. What the offer did not allow stays closed.
		Direction: Narrow(ours.Direction, Reverse(theirs.Direction)),
		Hold:      !theirs.Direction.Receives(),
	}
	if !ours.Direction.Sends() {
		// An answer to recvonly or inactive may not receive, so it says
		// nothing of the peer's own hold.
		n.Hold = s.before().Negotiated.Hold
	}
	found := false
	for _, f := range a.Formats {
		if codec, ok := f.relay(); ok && ours.payload(codec) != relay.NoPayload {
			n.Codec, n.AudioIn, n.AudioOut, found = codec, ours.payload(codec), f.PT, true
			break
		}
	}
	if !found {
		return ErrNoCommonCodec
	}
	if ours.TelephoneEvent != relay.NoPayload && theirs.TelephoneEvent != relay.NoPayload {
		n.EventIn, n.EventOut = ours.TelephoneEvent, theirs.TelephoneEvent
	}
	s.agree(theirs, n)
	return nil
}

// Negotiated returns what is in force, and false before the first answer.
func (s *Session) Negotiated() (Negotiated, bool) {
	return s.Current.Negotiated, s.Current.Streams != nil
}

// Settle makes the last answer final: it went or came in a 2xx, an ACK, a PRACK
// or a reliable 18x. The next offer of either side implies it.
func (s *Session) Settle() {
	if s.State == Stable {
		s.Settled, s.Previous = true, Agreement{}
	}
}

// Rollback takes back the outstanding offer, or an answer that is not settled,
// after a refusal: the session and Local.Addr keep what they had (RFC 3264 §8,
// RFC 6141 §3). The version of what was sent is not used again for another
// text. Otherwise it does nothing.
func (s *Session) Rollback() {
	switch s.State {
	case Idle:
		return
	case Stable:
		if s.Settled {
			return
		}
	}
	s.Current, s.Previous, s.Exchange = s.before(), Agreement{}, Exchange{Time: s.Exchange.Time}
	if s.Current.Streams == nil {
		s.State, s.Settled = Idle, false
		return
	}
	s.State, s.Settled, s.Local.Addr = Stable, true, s.Current.Local
}

// before returns what was in force when the present exchange began.
func (s *Session) before() Agreement {
	if s.State == Stable {
		return s.Previous
	}
	return s.Current
}

// agree puts n in force with the peer's addresses.
func (s *Session) agree(theirs Half, n Negotiated) {
	if !theirs.RTP.Addr().IsUnspecified() {
		n.Remote = theirs.RTP
		if s.reaches(theirs.RTCP) {
			n.RemoteRTCP = theirs.RTCP
		}
	}
	before := s.before()
	s.Current = Agreement{s.Exchange.Streams, s.Exchange.Audio, s.Local.Addr, n}
	s.Previous, s.State, s.Settled = before, Stable, false
}

// offered lists what our offer names: caps under the payload types in force,
// where there are any.
func (s *Session) offered(out []Codec, caps Caps) []Codec {
	now, ok := s.Negotiated()
	for _, c := range caps.Codecs {
		f := Static(c)
		if ok && c == now.Codec {
			f.PT = now.AudioIn
		}
		if f.PT != relay.NoPayload {
			out = append(out, f)
		}
	}
	if caps.events() {
		pt := caps.Event
		if ok && now.EventIn != relay.NoPayload {
			pt = now.EventIn
		}
		out = append(out, Codec{nameEvent, clock, 1, pt})
	}
	return out
}

// answered checks d against the m= lines of our offer (RFC 3264 §6) and returns
// its audio. A port where we offered none is left alone: nothing is sent there.
func (s *Session) answered(d *Description) (Audio, error) {
	want := s.Exchange.Streams
	if len(d.media) != len(want) {
		return Audio{}, fmt.Errorf("%w: %d m= lines to %d", ErrAnswer, len(d.media), len(want))
	}
	for i, m := range d.media {
		if !strings.EqualFold(m.Kind, want[i].Kind) {
			return Audio{}, fmt.Errorf("%w: m=%s to m=%s", ErrAnswer, m.Kind, want[i].Kind)
		}
	}
	i := s.Exchange.Audio
	if d.media[i].Port == 0 {
		return Audio{}, ErrNoAudio
	}
	a := d.audio
	if a.Index != i {
		a = d.read(i)
	}
	if !carries(a.Proto) {
		return Audio{}, fmt.Errorf("%w: %q", ErrTransport, a.Proto)
	}
	if !s.reaches(a.RTP) {
		return Audio{}, ErrAddress
	}
	return a, nil
}

// reaches reports whether our socket could send to remote, or remote asks for
// nothing.
func (s *Session) reaches(remote netip.AddrPort) bool {
	addr := remote.Addr()
	return addr.IsValid() && (addr.IsUnspecified() || addr.Is4() == s.Local.Addr.Addr().Unmap().Is4())
}

func described(a Audio) Half {
	h := half(a.Formats)
	h.RTP, h.RTCP, h.Direction = a.RTP, a.RTCP, a.Direction
	h.Ptime = packetTime(a.Ptime, a.MaxPtime)
	return h
}

func half(formats []Codec) Half {
	a := Audio{Formats: formats}
	return Half{PCMU: a.Payload(relay.PCMU), PCMA: a.Payload(relay.PCMA), TelephoneEvent: a.Event()}
}

// common returns the first codec of caps that h describes.
func (h Half) common(caps Caps) (relay.Codec, bool) {
	for _, c := range caps.Codecs {
		if h.payload(c) != relay.NoPayload {
			return c, true
		}
	}
	return 0, false
}

func (h Half) payload(c relay.Codec) relay.PayloadType {
	switch c {
	case relay.PCMU:
		return h.PCMU
	case relay.PCMA:
		return h.PCMA
	}
	return relay.NoPayload
}
