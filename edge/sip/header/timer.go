package header

import (
	"strconv"
	"strings"
)

// Refresher says which side refreshes a session (RFC 4028 §4).
type Refresher uint8

// The refreshers; NoRefresher where the parameter is absent.
const (
	NoRefresher Refresher = iota
	UAC
	UAS
)

// String returns the parameter's value, or "" for NoRefresher.
func (r Refresher) String() string {
	switch r {
	case UAC:
		return "uac"
	case UAS:
		return "uas"
	}
	return ""
}

// SessionExpires is the Session-Expires header of RFC 4028 §4.
type SessionExpires struct {
	Seconds   uint32
	Refresher Refresher
}

// ParseSessionExpires reads delta-seconds *(";" se-params). Unknown parameters
// are left out; an unknown refresher is malformed.
func ParseSessionExpires(v string) (SessionExpires, error) {
	var s SessionExpires
	seconds, params, ok := parseSeconds(v)
	if !ok {
		return s, syntax("Session-Expires")
	}
	s.Seconds = seconds
	if r, ok := params.Get("refresher"); ok {
		switch strings.ToLower(r) {
		case "uac":
			s.Refresher = UAC
		case "uas":
			s.Refresher = UAS
		default:
			return s, syntax("Session-Expires refresher")
		}
	}
	return s, nil
}

// String writes the value.
func (s SessionExpires) String() string {
	v := strconv.FormatUint(uint64(s.Seconds), 10)
	if s.Refresher != NoRefresher {
		v += ";refresher=" + s.Refresher.String()
	}
	return v
}

// ParseMinSE reads Min-SE in seconds (RFC 4028 §5). Parameters are left out.
func ParseMinSE(v string) (uint32, error) {
	seconds, _, ok := parseSeconds(v)
	if !ok {
		return 0, syntax("Min-SE")
	}
	return seconds, nil
}

// parseSeconds reads delta-seconds *(";" generic-param).
func parseSeconds(v string) (uint32, Params, bool) {
	value, params, ok := cutParams(v)
	n, numeric := decimal(value, 1<<32-1)
	return uint32(n), params, ok && numeric
}
