package cause

import (
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/header"
)

// protocol is the Reason protocol of Q.850 values (RFC 3326 §2).
const protocol = "Q.850"

// Side is who ended it.
type Side uint8

// The sides. A failure that the peer reported and one that we made are never
// the same value.
const (
	Local Side = iota
	Remote
)

// String returns "local" or "remote".
func (s Side) String() string {
	if s == Remote {
		return "remote"
	}
	return "local"
}

// Q850 is a cause value of ITU-T Q.850; zero means none was given.
type Q850 uint8

// The Q.850 values that the product itself gives.
const (
	Unallocated        Q850 = 1
	NormalClearing     Q850 = 16
	UserBusy           Q850 = 17
	NoUserResponding   Q850 = 18
	NoAnswer           Q850 = 19
	SubscriberAbsent   Q850 = 20
	CallRejected       Q850 = 21
	InvalidFormat      Q850 = 28
	NormalUnspecified  Q850 = 31
	NoCircuit          Q850 = 34
	TemporaryFailure   Q850 = 41
	Congestion         Q850 = 42
	NotAuthorized      Q850 = 57
	BearerNotAvailable Q850 = 65
	RecoveryOnTimer    Q850 = 102
	Interworking       Q850 = 127
)

// Telling says whether a leg gives its peer the Cause's Q.850 value by itself.
type Telling uint8

// The ways.
const (
	Tell Telling = iota
	// Withhold leaves the Reason header to whoever commands the leg: some peers
	// want none, some more than a value of ours.
	Withhold
)

// Cause is the end of one leg, as plain data.
type Cause struct {
	Side Side
	// Status is the SIP status that ended the call before its answer, or zero
	// when a BYE or nothing on the wire did.
	Status int
	Q850   Q850
	// Text explains it to an operator; it is sent as Reason text where not
	// empty (RFC 3326 §2).
	Text string
}

// String returns one line for logs and ladders.
func (c Cause) String() string {
	var b strings.Builder
	b.WriteString(c.Side.String())
	if c.Status != 0 {
		b.WriteByte(' ')
		b.WriteString(strconv.Itoa(c.Status))
	}
	if c.Q850 != 0 {
		b.WriteString(" q850=")
		b.WriteString(strconv.Itoa(int(c.Q850)))
	}
	if c.Text != "" {
		b.WriteByte(' ')
		b.WriteString(strconv.Quote(c.Text))
	}
	return b.String()
}

// Reason returns the value of a Reason header for c (RFC 3326, RFC 6432), or
// "" when c has no Q.850 value to give.
func (c Cause) Reason() string {
	if c.Q850 == 0 {
		return ""
	}
	return header.Reason{Protocol: protocol, Cause: int(c.Q850), Text: c.Text}.String()
}

// FromStatus maps a final SIP status to Q.850 (RFC 3398 §8.2.6.1 with SPEC
// §2.3's choices). 487 has none: the caller's own hanging-up is normal.
func FromStatus(status int) Q850 {
	switch status {
	case 404, 604:
		return Unallocated
	case 486, 600:
		return UserBusy
	case 480:
		return NoUserResponding
	case 403, 433, 603:
		return CallRejected
	case 410:
		return 22
	case 484:
		return InvalidFormat
	case 488, 606:
		return BearerNotAvailable
	case 415:
		return 79
	case 408, 504:
		return RecoveryOnTimer
	case 502:
		return 38
	case 400, 500, 503:
		return TemporaryFailure
	case 420:
		return Interworking
	case 487:
		return 0
	}
	if status >= 400 {
		return NormalUnspecified
	}
	return 0
}

// Status maps a Q.850 value to the SIP status of a refusal (RFC 3398 §7.2.4.1
// with SPEC §2.3's choices).
func (q Q850) Status() int {
	switch uint8(q) {
	case 1, 2, 3:
		return 404
	case 17:
		return 486
	case 18:
		return 408
	case 102:
		return 504
	case 19, 20, 31:
		return 480
	case 21:
		return 403
	case 22:
		return 410
	case 27:
		return 502
	case 28:
		return 484
	case 34, 38, 41, 42, 47:
		return 503
	case 55, 57:
		return 403
	case 65, 88:
		return 488
	case 127:
		return 500
	}
	return 480
}

// Of returns the first Q.850 cause among the Reason headers of a message, with
// its text (RFC 3326 §2, RFC 6432). A reason that cannot be read is passed over.
func Of(m sip.Message) (Q850, string, bool) {
	reasons, _ := header.Reasons(m)
	for _, r := range reasons {
		if strings.EqualFold(r.Protocol, protocol) && r.Cause > 0 && r.Cause < 128 {
			return Q850(r.Cause), r.Text, true
		}
	}
	return 0, "", false
}

// ParseReason is Of for a header value, or several separated by commas, that
// stands alone.
func ParseReason(value string) (Q850, string, bool) {
	m := sip.NewRequest(sip.BYE, sip.Uri{})
	m.AppendHeader(sip.NewHeader("Reason", value))
	return Of(m)
}
