package sdp

import "errors"

// What goes wrong between two descriptions. All but ErrState and ErrLocal are
// the peer's; Warning says how to tell it.
var (
	// ErrState: the call does not fit the state. For an offer that meets an
	// outstanding one RFC 3261 §14 asks for 491 or 500.
	ErrState = errors.New("sdp: offer or answer out of turn")
	// ErrLocal: our own media address is not set.
	ErrLocal = errors.New("sdp: no local media address")
	// ErrNoAudio: no m=audio with a port, be it offered or answered.
	ErrNoAudio = errors.New("sdp: no audio stream")
	// ErrNoCommonCodec: nothing offered or answered that both sides speak.
	ErrNoCommonCodec = errors.New("sdp: no common codec")
	// ErrTransport: the audio is neither RTP nor, where we speak it, SRTP.
	ErrTransport = errors.New("sdp: audio is not RTP/AVP")
	// ErrSecurity: SRTP that has to be is not, or not as we can do it.
	ErrSecurity = errors.New("sdp: no acceptable keys for SRTP")
	// ErrAddress: the connection address is missing, a host name, or of
	// another family than ours.
	ErrAddress = errors.New("sdp: connection address cannot be used")
	// ErrAnswer: the answer does not match the m= lines of the offer
	// (RFC 3264 §6).
	ErrAnswer = errors.New("sdp: answer does not fit the offer")
)

// Warning returns the warn-code and warn-text (RFC 3261 §20.43) that go with a
// 488 for err, and false if err is none of the peer's faults above. A missing
// codec is 304 as the response table has it; 305 names the same thing for
// single formats.
func Warning(err error) (code int, text string, ok bool) {
	switch {
	case errors.Is(err, ErrNoCommonCodec), errors.Is(err, ErrNoAudio):
		return 304, "Media type not available", true
	case errors.Is(err, ErrTransport), errors.Is(err, ErrSecurity):
		return 302, "Incompatible transport protocol", true
	case errors.Is(err, ErrAddress):
		return 301, "Incompatible network address formats", true
	}
	return 0, "", false
}
