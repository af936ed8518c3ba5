// Package cause says why one party's call ended, in the terms both SIP and the
// telephone network use, and which side brought it about.
package cause

import (
	"fmt"
	"strconv"
	"strings"
)

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
		fmt.Fprintf(&b, " q850=%d", c.Q850)
	}
	if c.Text != "" {
		fmt.Fprintf(&b, " %q", c.Text)
	}
	return b.String()
}

// Reason returns the value of a Reason header for c (RFC 3326, RFC 6432), or
// "" when c has no Q.850 value to give.
func (c Cause) Reason() string {
	if c.Q850 == 0 {
		return ""
	}
	s := "Q.850;cause=" + strconv.Itoa(int(c.Q850))
	if c.Text != "" {
		s += `;text="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\r", " ", "\n", " ", "\x00", " ").Replace(c.Text) + `"`
	}
	return s
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
	switch q {
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

// ParseReason returns the first Q.850 cause of a Reason header value, which
// may hold several reasons separated by commas (RFC 3326 §2).
func ParseReason(value string) (Q850, string, bool) {
	for value != "" {
		var one string
		one, value = cut(value, ',')
		proto, params := cut(one, ';')
		if !strings.EqualFold(strings.TrimSpace(proto), "Q.850") {
			continue
		}
		var q Q850
		var text string
		for params != "" {
			var p string
			p, params = cut(params, ';')
			k, v, _ := strings.Cut(p, "=")
			k, v = strings.TrimSpace(k), strings.TrimSpace(v)
			switch {
			case strings.EqualFold(k, "cause"):
				if n, err := strconv.ParseUint(v, 10, 7); err == nil {
					q = Q850(n)
				}
			case strings.EqualFold(k, "text"):
				text = unquote(v)
			}
		}
		if q != 0 {
			return q, text, true
		}
	}
	return 0, "", false
}

// cut splits at the first sep outside a quoted string.
func cut(s string, sep byte) (before, after string) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

func unquote(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	s = s[1 : len(s)-1]
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
