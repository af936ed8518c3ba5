package header

import "bytes"

// cookie begins every RFC 3261 branch (§8.1.1.7).
const cookie = "z9hg4bk"

// appendVia writes one via-parm as SIP/2.0/transport SP sent-by params. The
// library accepts a Via without host or transport and writes it back broken.
func (g *Guard) appendVia(dst, v []byte) ([]byte, Kind) {
	protocol, rest, _ := bytes.Cut(v, []byte{'/'})
	version, rest, ok := bytes.Cut(rest, []byte{'/'})
	if !ok || !equalFold(trimBlank(protocol), "sip") || string(trimBlank(version)) != "2.0" {
		return dst, BadVia
	}
	rest = trimBlank(rest)
	n := 0
	for n < len(rest) && isToken(rest[n]) {
		n++
	}
	if n == 0 || n == len(rest) || !isBlank(rest[n]) {
		return dst, BadVia
	}
	dst = append(append(dst, "SIP/2.0/"...), rest[:n]...)
	rest = trimBlank(rest[n:])
	dst, rest, ok = appendSentBy(append(dst, ' '), rest)
	if !ok {
		return dst, BadVia
	}
	return g.appendParams(dst, rest, viaField)
}

// appendSentBy writes host [ ":" port ]; COLON allows blanks beside it, which
// must not run two words together.
func appendSentBy(dst, s []byte) (_, rest []byte, _ bool) {
	end := bytes.IndexByte(s, ';')
	if end < 0 {
		end = len(s)
	}
	rest = s[end:]
	s = trimBlank(s[:end])
	start := len(dst)
	for i, c := range s {
		if !isBlank(c) {
			dst = append(dst, c)
			continue
		}
		if next := s[i+1]; next != ':' && !isBlank(next) && dst[len(dst)-1] != ':' {
			return dst, nil, false
		}
	}
	n, ok := hostPort(dst[start:])
	return dst, rest, ok && n == len(dst)-start
}

// emptyBranch finds a branch that is the cookie alone: all such requests would
// share one transaction (RFC 4475 §3.2.1).
func emptyBranch(via []byte) bool {
	for p := range bytes.SplitSeq(via, []byte{';'}) {
		if len(p) == len("branch=")+len(cookie) && equalFold(p, "branch="+cookie) {
			return true
		}
	}
	return false
}
