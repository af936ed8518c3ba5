package sdp

import (
	"fmt"
	"slices"

	"sekisho/media/relay"
)

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
	if caps.Fax.On {
		if s.faxless() {
			return nil, ErrSecurity
		}
		return s.offerFax(caps.Fax), nil
	}
	var buf [4]Codec
	formats := s.offered(buf[:0], caps)
	ours := half(formats)
	if _, ok := ours.common(caps); !ok {
		return nil, ErrNoCommonCodec
	}
	ours.Direction, ours.Ptime = dir, caps.ptime()
	ex := Exchange{ByUs: true, Offer: ours, Streams: s.Current.Streams, Audio: s.Current.Audio, Time: s.Exchange.Time}
	ex.Crypto, ex.DTLS = s.keysToOffer(), s.dtlsToOffer()
	if (len(ex.Crypto) > 0 || ex.DTLS.On()) && s.Local.Secret == (Secret{}) {
		return nil, ErrLocal
	}
	audio := Stream{"audio", "RTP/AVP", "0"}
	if s.Secure.Mode == SecurityRequired {
		audio.Proto = "RTP/SAVP"
		if ex.DTLS.On() {
			audio.Proto = "UDP/TLS/RTP/SAVP"
		}
	}
	switch {
	case ex.Streams == nil:
		ex.Streams = []Stream{audio}
	case s.Current.Negotiated.Fax.On:
		ex.Streams, ex.Audio = become(ex.Streams, ex.Audio, audio)
	}
	s.Exchange, s.State = ex, LocalOffer
	return s.publish(body{streams: ex.Streams, audio: ex.Audio, formats: formats, ptime: ours.Ptime, direction: dir, time: ex.Time, crypto: ex.Crypto, dtls: ex.DTLS}), nil
}

// Repeat offers again what is in force, read-only: the same text and version
// unless another has been refused since, since a session is refreshed by it and
// not changed (RFC 3264 §8). It fails with ErrState before the first answer and
// while an offer is outstanding.
func (s *Session) Repeat() ([]byte, error) {
	if s.State != Stable {
		return nil, ErrState
	}
	if s.Current.Negotiated.Fax.On {
		s.Exchange, s.State = Exchange{
			ByUs: true, Offer: Half{Direction: s.Current.Negotiated.Direction, Fax: s.Current.Fax}, Streams: s.Current.Streams, Audio: s.Current.Audio, Time: s.Exchange.Time,
		}, LocalOffer
		return s.publish(body{streams: s.Current.Streams, audio: s.Current.Audio, time: s.Exchange.Time, fax: s.Current.Fax}), nil
	}
	d, err := ParseSecure(s.Current.Sent, s.Secure)
	if err != nil {
		return nil, fmt.Errorf("our own description: %w", err)
	}
	a, ok := d.Audio()
	if !ok {
		return nil, ErrNoAudio
	}
	ours := described(a)
	ex := Exchange{ByUs: true, Offer: ours, Streams: s.Current.Streams, Audio: s.Current.Audio, Time: s.Exchange.Time}
	ex.Crypto, ex.DTLS = a.Crypto, a.DTLS
	s.Exchange, s.State = ex, LocalOffer
	return s.publish(body{streams: ex.Streams, audio: ex.Audio, formats: a.Formats, ptime: ours.Ptime, direction: ours.Direction, time: ex.Time, crypto: ex.Crypto, dtls: ex.DTLS}), nil
}

// RemoteOffer takes the peer's offer. It fails with ErrState while an offer is
// outstanding, with ErrNoAudio, ErrTransport or ErrSecurity if no stream could be
// answered (T.38 alone, SRTP where it is off, no SRTP where it has to be or was);
// then nothing has changed and the refusal is 488.
func (s *Session) RemoteOffer(d *Description) error {
	if s.State == LocalOffer || s.State == RemoteOffer {
		return ErrState
	}
	if f, i, ok := d.image(); ok {
		if s.faxless() {
			return ErrSecurity
		}
		a := d.read(i)
		s.Exchange = Exchange{Offer: Half{RTP: a.RTP, Direction: a.Direction, Fax: f}, Streams: streams(d), Audio: i, Time: d.time()}
		s.State = RemoteOffer
		return nil
	}
	a, ok := d.Audio()
	if !ok {
		return ErrNoAudio
	}
	way, err := s.bound().pick(a)
	if err != nil {
		return err
	}
	s.Exchange = Exchange{Offer: described(a), Streams: streams(d), Audio: a.Index, Time: d.time()}
	if !way.crypto.Key.IsZero() {
		s.Exchange.Crypto = []Crypto{way.crypto}
	}
	s.Exchange.DTLS = way.dtls.clone()
	s.State = RemoteOffer
	return nil
}

// offerFax offers T.38 in the place of the audio: "The media type (audio, video,
// etc.) for a stream MAY be changed" (RFC 3264 §8.3.3).
func (s *Session) offerFax(f Fax) []byte {
	ex := Exchange{ByUs: true, Offer: Half{Fax: f}, Time: s.Exchange.Time}
	ex.Streams, ex.Audio = s.Current.Streams, s.Current.Audio
	if ex.Streams == nil {
		ex.Streams = []Stream{{}}
	}
	ex.Streams, ex.Audio = become(ex.Streams, ex.Audio, Stream{faxKind, faxProto, faxFormat})
	s.Exchange, s.State = ex, LocalOffer
	return s.publish(body{streams: ex.Streams, audio: ex.Audio, time: ex.Time, fax: f})
}

// faxless reports that no fax can be agreed: UDPTL is not secured, and what is
// never becomes plain.
func (s *Session) faxless() bool { return s.secured() || s.Secure.Mode == SecurityRequired }

// become returns streams with another in the place of ours, and its index: the
// one of that kind where the peer has made one beside the other, else the same.
func become(list []Stream, at int, to Stream) ([]Stream, int) {
	for i, st := range list {
		if i != at && st.Kind == to.Kind && st.Proto == to.Proto {
			return list, i
		}
	}
	list = slices.Clone(list)
	list[at] = to
	return list, at
}

// offered lists what our offer names: caps under the payload types in force,
// where there are any.
func (s *Session) offered(out []Codec, caps Caps) []Codec {
	now, ok := s.Negotiated()
	for _, c := range caps.Codecs {
		f := Static(c)
		if ok && c == now.Codec && now.AudioIn != relay.NoPayload {
			f.PT = now.AudioIn
		}
		out = appendFree(out, f)
	}
	if caps.events() {
		pt := caps.Event
		if ok && now.EventIn != relay.NoPayload {
			pt = now.EventIn
		}
		out = appendFree(out, Codec{nameEvent, clock, 1, pt})
	}
	return out
}

// appendFree appends f unless its payload type is taken: a peer may have put a
// dynamic number on what we meant to call otherwise.
func appendFree(out []Codec, f Codec) []Codec {
	taken := func(other Codec) bool { return other.PT == f.PT }
	if f.PT == relay.NoPayload || slices.ContainsFunc(out, taken) {
		return out
	}
	return append(out, f)
}
