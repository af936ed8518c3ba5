package sdp

import (
	"fmt"
	"net/netip"
	"strings"

	"sekisho/media/relay"
	"sekisho/media/srtp"
)

// Answer returns our answer to the peer's offer, read-only: its m= lines, all
// but the audio with port 0, with the first codec of caps that was offered and
// telephone-event, under the peer's payload types (RFC 3264 §6). One codec
// only, since an endpoint carries one. dir is narrowed to what the offer
// allows. It fails with ErrNoCommonCodec, ErrAddress or ErrSecurity and then waits for
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
	if theirs.Fax.On || caps.Fax.On {
		if theirs.Fax.On != caps.Fax.On {
			return nil, ErrNoCommonCodec
		}
		n := s.faxed(theirs)
		s.agree(theirs, n)
		s.Current.Fax = caps.Fax
		ex := s.Exchange
		s.Current.Sent = s.publish(body{streams: ex.Streams, audio: ex.Audio, time: ex.Time, fax: caps.Fax})
		return s.Current.Sent, nil
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
	var lines []Crypto
	if keyed := s.Exchange.Crypto; len(keyed) > 0 {
		if s.Local.Secret == (Secret{}) {
			return nil, ErrLocal
		}
		var err error
		line := Crypto{Tag: keyed[0].Tag, Name: keyed[0].Name, Key: s.ourKey(keyed[0].Key.Suite())}
		if n.Keys, err = distinct(srtp.Keys{In: keyed[0].Key, Out: line.Key}); err != nil {
			return nil, err
		}
		lines = []Crypto{line}
	}
	var with Association
	if with.Theirs = s.Exchange.DTLS; with.Theirs.On() {
		if s.Local.Secret == (Secret{}) {
			return nil, ErrLocal
		}
		with.Ours = s.dtlsToAnswer(with.Theirs)
		n.Handshake, n.Mux = s.associate(with), with.Ours.Mux
	}
	s.agree(theirs, n)
	s.Current.DTLS = with.kept()
	ex := s.Exchange
	s.Current.Sent = s.publish(body{streams: ex.Streams, audio: ex.Audio, formats: formats, ptime: caps.ptime(), direction: n.Direction, time: ex.Time, crypto: lines, dtls: with.Ours})
	return s.Current.Sent, nil
}

// RemoteAnswer takes the peer's answer to our offer. It fails with ErrState if
// there is no offer, ErrAnswer, ErrNoAudio, ErrTransport, ErrSecurity,
// ErrNoCommonCodec or ErrAddress if the answer does not fit; then nothing has changed.
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
	if s.Exchange.Offer.Fax.On {
		theirs := Half{RTP: a.RTP, Direction: a.Direction, Fax: d.fax(a.Index)}
		ours := s.Exchange.Offer.Fax
		s.agree(theirs, s.faxed(theirs))
		s.Current.Fax = ours
		return nil
	}
	keys, err := s.answeredKeys(a)
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
		Keys:      keys,
	}
	if !ours.Direction.Sends() {
		// An answer to recvonly or inactive may not receive, so it says
		// nothing of the peer's own hold.
		n.Hold = s.Current.Negotiated.Hold
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
	var with Association
	if s.Exchange.DTLS.On() && a.DTLS.answered() {
		if with, err = s.taken(a.DTLS); err != nil {
			return err
		}
		n.Handshake, n.Mux = s.associate(with), with.Ours.Mux && with.Theirs.Mux
	}
	s.agree(theirs, n)
	s.Current.DTLS = with.kept()
	return nil
}

// faxed is what a T.38 session comes to. What the audio was is kept for its return.
func (s *Session) faxed(theirs Half) Negotiated {
	was := s.Current.Negotiated
	return Negotiated{
		Codec: was.Codec, Ptime: was.Ptime, Fax: theirs.Fax,
		AudioIn: relay.NoPayload, AudioOut: relay.NoPayload, EventIn: relay.NoPayload, EventOut: relay.NoPayload,
	}
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
	if !d.found || a.Index != i {
		a = d.read(i)
	}
	if s.Exchange.Offer.Fax.On && !isFax(d.media[i].Kind, a.Proto) {
		return Audio{}, fmt.Errorf("%w: %q", ErrTransport, a.Proto)
	}
	if !s.reaches(a.RTP) {
		return Audio{}, ErrAddress
	}
	return a, nil
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
	if was := before.Negotiated.Keys.Out; !was.IsZero() && was != n.Keys.Out {
		s.Rekeyed++
	}
	s.Associated = max(s.Associated, n.Handshake.Number)
	s.Current = Agreement{Streams: s.Exchange.Streams, Audio: s.Exchange.Audio, Local: s.Local.Addr, Negotiated: n, Sent: s.Sent}
	s.Previous, s.State, s.Settled = nil, Stable, false
	if before.Streams != nil {
		was := before // which is on the heap only here
		s.Previous = &was
	}
}

// reaches reports whether our socket could send to remote, or remote asks for
// nothing.
func (s *Session) reaches(remote netip.AddrPort) bool {
	addr := remote.Addr()
	return addr.IsValid() && (addr.IsUnspecified() || addr.Is4() == s.Local.Addr.Addr().Unmap().Is4())
}
