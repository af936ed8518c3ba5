package header

import "strings"

// nilUUID stands for a side that is not known yet (RFC 7989 §4.1).
const nilUUID = "00000000000000000000000000000000"

// SessionID is the Session-ID header of RFC 7989: one value per side, 32 lower
// case hexadecimal digits each.
type SessionID struct {
	Local  string // the sender's
	Remote string // the peer's as the sender knows it; "" in the older form of RFC 7329
}

// ParseSessionID reads sess-uuid [";remote=" sess-uuid]. Capitals, which
// RFC 7989 §5 forbids, are taken for lower case.
func ParseSessionID(v string) (SessionID, error) {
	local, params, ok := cutParams(v)
	local = strings.ToLower(local)
	if !ok || !isUUID(local) {
		return SessionID{}, syntax("Session-ID")
	}
	s := SessionID{Local: local}
	if remote, ok := params.Get("remote"); ok {
		if s.Remote = strings.ToLower(remote); !isUUID(s.Remote) {
			return SessionID{}, syntax("Session-ID remote")
		}
	}
	return s, nil
}

// String writes the value; the remote side is always given, as nil where it is
// not known.
func (s SessionID) String() string {
	remote := s.Remote
	if remote == "" {
		remote = nilUUID
	}
	return s.Local + ";remote=" + remote
}

func isUUID(s string) bool {
	if len(s) != len(nilUUID) {
		return false
	}
	for i := range len(s) {
		if !isHex(s[i]) {
			return false
		}
	}
	return true
}
