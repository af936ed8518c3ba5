package header

import (
	"errors"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// Reason is one reason-value of RFC 3326 §2.
type Reason struct {
	Protocol string // SIP, Q.850 or another token, as written
	Cause    int    // 0 where absent; no protocol uses 0
	Text     string // without quotes; "" where absent
	Params   Params // the others
}

// ParseReason reads protocol *(";" reason-params).
func ParseReason(v string) (Reason, error) {
	protocol, params, ok := cutParams(v)
	if !ok || !allToken(protocol) {
		return Reason{}, syntax("Reason")
	}
	r := Reason{Protocol: protocol, Params: params.Without("cause", "text")}
	if cause, ok := params.Get("cause"); ok {
		n, ok := decimal(cause, 999)
		if !ok {
			return Reason{}, syntax("Reason cause")
		}
		r.Cause = int(n)
	}
	r.Text, _ = params.Get("text")
	return r, nil
}

// String writes the value; the text is quoted, as RFC 3326 has it.
func (r Reason) String() string {
	var b strings.Builder
	b.WriteString(r.Protocol)
	if r.Cause != 0 {
		b.WriteString(";cause=" + strconv.Itoa(r.Cause))
	}
	if r.Text != "" {
		b.WriteString(";text=" + Quote(r.Text))
	}
	b.WriteString(r.Params.String())
	return b.String()
}

// Bare returns the reason without what somebody was free to write: protocol,
// cause, and where in the telephone network it arose (RFC 8606), which is one of
// eight words.
func (r Reason) Bare() Reason {
	bare := Reason{Protocol: r.Protocol, Cause: r.Cause}
	if v, ok := r.Params.Get("location"); ok && isLocation(v) {
		bare.Params = Params{{Name: "location", Value: strings.ToUpper(v)}}
	}
	return bare
}

// isLocation reports an isup-cause-location of RFC 8606 §4.
func isLocation(v string) bool {
	switch strings.ToUpper(v) {
	case "U", "LPN", "LN", "TN", "RLN", "RPN", "INTL", "BI":
		return true
	}
	return false
}

// Reasons returns every reason of a message; malformed ones are left out and
// reported.
func Reasons(m sip.Message) ([]Reason, error) {
	var list []Reason
	var errs error
	for _, v := range Values(m, "Reason") {
		r, err := ParseReason(v)
		if err != nil {
			errs = errors.Join(errs, err)
			continue
		}
		list = append(list, r)
	}
	return list, errs
}

// CauseOf returns the cause of the first reason of a protocol, or 0.
func CauseOf(reasons []Reason, protocol string) int {
	for _, r := range reasons {
		if strings.EqualFold(r.Protocol, protocol) {
			return r.Cause
		}
	}
	return 0
}
