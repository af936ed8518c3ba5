package header

// tokenLow and tokenHigh are the bit sets of RFC 3261 §25.1 token octets:
// alphanum and -.!%*_+`'~
const (
	tokenLow  = 1<<'!' | 1<<'%' | 1<<'\'' | 1<<'*' | 1<<'+' | 1<<'-' | 1<<'.' | 0x3ff<<'0'
	tokenHigh = 0x3ffffff<<('A'-64) | 0x3ffffff<<('a'-64) | 1<<('_'-64) | 1<<('`'-64) | 1<<('~'-64)
)

func isToken(c byte) bool {
	switch {
	case c < 64:
		return uint64(tokenLow)>>c&1 != 0
	case c < 128:
		return uint64(tokenHigh)>>(c-64)&1 != 0
	}
	return false
}

func isDigit(c byte) bool { return c-'0' < 10 }

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func isControl(c byte) bool { return c < ' ' || c == 0x7f }

func isHex(c byte) bool {
	return isDigit(c) || (c|0x20)-'a' < 6
}

func isAlnum(c byte) bool { return isDigit(c) || (c|0x20)-'a' < 26 }

func lower(c byte) byte {
	if c-'A' < 26 {
		return c | 0x20
	}
	return c
}

type text interface{ ~string | ~[]byte }

func allToken[T text](s T) bool {
	for i := range len(s) {
		if !isToken(s[i]) {
			return false
		}
	}
	return len(s) > 0
}

// allVisible reports that s is one or more octets from '!' to '~'.
func allVisible(s []byte) bool {
	for _, c := range s {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return len(s) > 0
}

// equalFold compares in ASCII; want is lower case.
func equalFold[T text](s T, want string) bool {
	if len(s) != len(want) {
		return false
	}
	for i := range len(want) {
		if lower(s[i]) != want[i] {
			return false
		}
	}
	return true
}

// decimal reads 1*DIGIT not above limit.
func decimal[T text](s T, limit uint64) (uint64, bool) {
	if len(s) == 0 {
		return 0, false
	}
	var n uint64
	for i := range len(s) {
		if !isDigit(s[i]) {
			return 0, false
		}
		n = n*10 + uint64(s[i]-'0')
		if n > limit {
			return 0, false
		}
	}
	return n, true
}

func trimBlank(s []byte) []byte {
	for len(s) > 0 && isBlank(s[0]) {
		s = s[1:]
	}
	for len(s) > 0 && isBlank(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

// trimFold trims linear white space, which includes line ends when they are
// followed by a blank: the caller has seen to that.
func trimFold(s []byte) []byte {
	for len(s) > 0 && (isBlank(s[0]) || s[0] == '\r' || s[0] == '\n') {
		s = s[1:]
	}
	for len(s) > 0 {
		if c := s[len(s)-1]; !isBlank(c) && c != '\r' && c != '\n' {
			break
		}
		s = s[:len(s)-1]
	}
	return s
}
