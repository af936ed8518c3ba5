package header

import "bytes"

// checkURI refuses a URI that the library would read in another way than the
// grammar of RFC 3261 §25.1, or not at all. Of other schemes than sip and sips
// it checks the octets only.
func checkURI(u []byte, params int) Kind {
	for _, c := range u {
		if c <= ' ' || c >= 0x7f || c == '<' || c == '>' || c == '"' {
			return BadURI
		}
	}
	scheme, rest, ok := bytes.Cut(u, []byte{':'})
	if !ok || !isScheme(scheme) || len(rest) == 0 {
		return BadURI
	}
	if !equalFold(scheme, "sip") && !equalFold(scheme, "sips") {
		return 0
	}
	if i := bytes.IndexByte(rest, '@'); i >= 0 {
		user := rest[:i]
		if len(user) == 0 || user[0] == ':' || bytes.IndexByte(user, '[') >= 0 || bytes.HasPrefix(user, []byte("//")) {
			return BadURI
		}
		rest = rest[i+1:]
		if bytes.IndexByte(rest, '@') >= 0 {
			return BadURI
		}
	}
	n, ok := hostPort(rest)
	if !ok {
		return BadURI
	}
	return checkURITail(rest[n:], params)
}

// hostPort returns the length of host [":" port] at the start of s. A name may
// hold "_", which hosts on trunks do.
func hostPort(s []byte) (int, bool) {
	n := 0
	if len(s) > 0 && s[0] == '[' {
		n = bytes.IndexByte(s, ']') + 1
		// The library looks no further than 42 octets for the bracket.
		if n < 4 || n > 42 || !allIPv6(s[1:n-1]) {
			return 0, false
		}
	} else {
		for n < len(s) && (isAlnum(s[n]) || s[n] == '-' || s[n] == '.' || s[n] == '_') {
			n++
		}
		if n == 0 {
			return 0, false
		}
	}
	if n == len(s) || s[n] != ':' {
		return n, true
	}
	end := n + 1
	for end < len(s) && isDigit(s[end]) {
		end++
	}
	port, ok := decimal(s[n+1:end], 65535)
	return end, ok && port > 0
}

// checkURITail checks *(";" name ["=" value]) ["?" headers].
func checkURITail(s []byte, params int) Kind {
	if len(s) == 0 {
		return 0
	}
	// The library takes the first bracket of a URI without user for its host:
	// sip:good.example;x=[2001:db8::1] would lead to 2001:db8::1.
	if bytes.IndexByte(s, '[') >= 0 {
		return BadURI
	}
	tail, headers, found := bytes.Cut(s, []byte{'?'})
	if found && (len(headers) == 0 || bytes.Count(headers, []byte{'&'}) > params) {
		return BadURI
	}
	if len(tail) == 0 {
		return 0
	}
	if tail[0] != ';' {
		return BadURI
	}
	for n := 1; len(tail) > 0; n++ {
		if n > params {
			return TooMany
		}
		next := bytes.IndexByte(tail[1:], ';') + 1
		if next == 0 {
			next = len(tail)
		}
		if next == 1 || tail[1] == '=' {
			return BadURI
		}
		tail = tail[next:]
	}
	return 0
}

// hostOf cuts scheme and userinfo off a SIP URI.
func hostOf(u []byte) []byte {
	return u[bytes.IndexByte(u, '@')+1:]
}

func isScheme(s []byte) bool {
	if len(s) == 0 || !isAlnum(s[0]) || isDigit(s[0]) {
		return false
	}
	for _, c := range s {
		if !isAlnum(c) && c != '+' && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

// allIPv6 checks the octets of an IPv6 address, not its shape: the form with
// three colons that RFC 3261's grammar allowed is let pass (RFC 5118 §4.10).
func allIPv6(s []byte) bool {
	for _, c := range s {
		if !isHex(c) && c != ':' && c != '.' {
			return false
		}
	}
	return true
}
