package carrier

import (
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/lab/siptest"
	"sekisho/edge/sip/header"
)

// Incoming is what the called subscriber's network was told.
type Incoming struct {
	// Number is the Request-URI's user.
	Number string
	// From and Display are what the handset shows.
	From, Display string
	// Asserted are the users of P-Asserted-Identity (RFC 3325), in order.
	Asserted []string
	Privacy  string
	// CallID is that of the dialog with us.
	CallID string
	// Raw is the INVITE as it came. Read-only.
	Raw []byte
}

// Tone is how a call rings.
type Tone uint8

// The ways to ring.
const (
	// Alerting sends 180.
	Alerting Tone = iota
	// Talkie sends 183 with a description and speaks before the answer, as a
	// carrier's announcement does (RFC 5009: sendonly).
	Talkie
	// Still sends 100 only.
	Still
)

// Behaviour is what a called subscriber does. The zero Behaviour rings and
// never answers.
type Behaviour struct {
	Ring Tone
	// After is how long it rings before Status.
	After time.Duration
	// Status is the final response: 200 answers, 300 to 699 refuse, 0 leaves
	// the caller waiting.
	Status int
	// Voice is what the callee says, as audio.Voice knows it; 0 is silence.
	Voice uint64
	// Mute sends no sound at all, only keys.
	Mute bool
	// Headers go with the final response.
	Headers []Header
}

// Answers rings for a time and then talks.
func Answers(after time.Duration, voice uint64) Behaviour {
	return Behaviour{After: after, Status: 200, Voice: voice}
}

// Refuses sends a final response at once, without ringing.
func Refuses(status int) Behaviour { return Behaviour{Ring: Still, Status: status} }

// Busy is the subscriber who talks already.
func Busy() Behaviour { return Refuses(486) }

// NoAnswer rings for ever.
func NoAnswer() Behaviour { return Behaviour{} }

// Announces plays a voice before the answer for a time and then refuses, as a
// carrier does for a handset that is switched off.
func Announces(voice uint64, length time.Duration, status int) Behaviour {
	return Behaviour{Ring: Talkie, After: length, Status: status, Voice: voice}
}

// Script is a Behaviour for each number.
type Script map[string]Behaviour

// For returns the Behaviour of the number called; others do not exist. Give it
// to Exchange.Answer.
func (s Script) For(in Incoming) Behaviour {
	if b, ok := s[in.Number]; ok {
		return b
	}
	return Refuses(404)
}

// display reads what an INVITE shows.
func display(r *sip.Request, raw []byte) Incoming {
	s := siptest.Summarise([]byte(r.String()))
	return Incoming{
		Number: r.Recipient.User, From: s.From, Display: s.Display,
		Asserted: s.Asserted, Privacy: header.First(r, "Privacy"),
		CallID: r.CallID().Value(), Raw: raw,
	}
}
