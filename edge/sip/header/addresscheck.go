package header

import "bytes"

// appendAddress writes one name-addr or addr-spec with its parameters in
// canonical form: at most one space in and after the display name, none inside
// <>, none around ";" and "=".
func (g *Guard) appendAddress(dst, v []byte, f field) ([]byte, Kind) {
	if f == contactField && len(v) == 1 && v[0] == '*' {
		return append(dst, '*'), 0
	}
	if len(v) == 0 {
		return dst, BadAddress
	}
	dst, rest, bracketed, kind := appendDisplay(dst, v, f)
	if kind != 0 {
		return dst, kind
	}
	var uri []byte
	if bracketed {
		end := bytes.IndexByte(rest, '>')
		if end < 0 {
			return dst, BadAddress
		}
		uri, rest = rest[1:end], rest[end+1:]
	} else {
		// Route = name-addr; an addr-spec could not tell the URI's lr from its own.
		if f == routeField || f == recordRouteField {
			return dst, BadAddress
		}
		end := bytes.IndexAny(rest, "; \t")
		if end < 0 {
			end = len(rest)
		}
		uri, rest = rest[:end], rest[end:]
		// "If the URI contains a comma, question mark or semicolon, the URI MUST
		// be enclosed in angle brackets" (RFC 3261 §20.10).
		if bytes.ContainsAny(uri, ",?") {
			return dst, BadAddress
		}
	}
	if kind := checkURI(uri, g.limits.Params); kind != 0 {
		return dst, kind
	}
	if !lettersOnly(uri[:bytes.IndexByte(uri, ':')]) || (f == fromField || f == toField) && hasHeaders(uri) {
		return dst, BadURI
	}
	if bracketed {
		dst = append(append(append(dst, '<'), uri...), '>')
	} else {
		dst = append(dst, uri...)
	}
	return g.appendParams(dst, rest, f)
}

// appendDisplay writes the display name, if there is one, and returns what is
// left from "<" or from the URI on.
func appendDisplay(dst, v []byte, f field) (_, rest []byte, bracketed bool, _ Kind) {
	if v[0] == '"' {
		end := quotedEnd(v)
		if end < 0 {
			return dst, nil, false, BadAddress
		}
		rest := trimBlank(v[end:])
		if len(rest) == 0 || rest[0] != '<' {
			return dst, nil, false, BadAddress
		}
		// The library takes an escaped quote for a closing one in Contact, where
		// the name means nothing to us.
		if f == contactField && bytes.IndexByte(v[:end], '\\') >= 0 {
			return dst, rest, true, checkQuoted(v[:end])
		}
		dst, kind := appendQuoted(dst, v[:end])
		if isBlank(v[end]) {
			dst = append(dst, ' ')
		}
		return dst, rest, true, kind
	}
	open := bytes.IndexByte(v, '<')
	if open < 0 {
		return dst, v, false, 0
	}
	for i, c := range v[:open] {
		if isBlank(c) {
			if i > 0 && !isBlank(v[i-1]) {
				dst = append(dst, ' ')
			}
			continue
		}
		// display-name = *(token LWS); UTF-8 without quotes is let pass, because
		// the library quotes it when it writes.
		if !isToken(c) && c < 0x80 {
			return dst, nil, false, BadAddress
		}
		dst = append(dst, c)
	}
	return dst, v[open:], true, 0
}

// appendParams writes *( ";" name [ "=" value ] ). Names go to lower case,
// because the library compares them octet by octet.
func (g *Guard) appendParams(dst, v []byte, f field) ([]byte, Kind) {
	identifying := false // tag or branch has been seen
	for n := 0; ; n++ {
		v = trimBlank(v)
		if len(v) == 0 {
			return dst, 0
		}
		if n == g.limits.Params {
			return dst, TooMany
		}
		p, rest, kind := readParam(v)
		if kind != 0 {
			return dst, kind
		}
		v = rest
		switch {
		case (f == fromField || f == toField) && equalFold(p.name, "tag"):
			if !allToken(p.value) {
				return dst, BadTag
			}
		case f == viaField && equalFold(p.name, "branch"):
			if len(p.value) == 0 || p.quoted {
				return dst, BadVia
			}
		default:
			if p.quoted && !keepsQuoted(f, p.value) {
				continue
			}
			dst = appendParam(dst, p)
			continue
		}
		if identifying {
			return dst, Duplicate
		}
		identifying = true
		dst = appendParam(dst, p)
	}
}

// keepsQuoted reports whether the library carries a quoted value. It splits
// From and To at every ";" and "=", quoted or not, so that a tag hidden in
// quotes would replace the real one; in a Via it loses the name. Such
// parameters, which no carrier is known to send there, are left out.
func keepsQuoted(f field, value []byte) bool {
	switch f {
	case viaField:
		return false
	case fromField, toField:
		return !bytes.ContainsAny(value, ";=,\\ \t")
	}
	return true
}

type rawParam struct {
	name, value []byte
	quoted      bool
}

// readParam reads ";" name [ "=" value ] with blanks anywhere between.
func readParam(v []byte) (p rawParam, rest []byte, _ Kind) {
	if v[0] != ';' {
		return p, nil, BadParameter
	}
	v = trimBlank(v[1:])
	n := 0
	for n < len(v) && isToken(v[n]) {
		n++
	}
	if n == 0 {
		return p, nil, BadParameter
	}
	p.name, v = v[:n], trimBlank(v[n:])
	if len(v) == 0 || v[0] != '=' {
		return p, v, 0
	}
	v = trimBlank(v[1:])
	if len(v) > 0 && v[0] == '"' {
		end := quotedEnd(v)
		if end < 0 {
			return p, nil, BadParameter
		}
		p.value, p.quoted = v[:end], true
		return p, v[end:], checkQuoted(p.value)
	}
	n = 0
	for n < len(v) && isBareValue(v[n]) {
		n++
	}
	if n == 0 {
		return p, nil, BadParameter
	}
	p.value = v[:n]
	return p, v[n:], 0
}

func isBareValue(c byte) bool {
	switch c {
	case ';', ',', '"', '<', '>':
		return false
	}
	return c > ' ' && c < 0x7f
}

func appendParam(dst []byte, p rawParam) []byte {
	dst = append(dst, ';')
	for _, c := range p.name {
		dst = append(dst, lower(c))
	}
	if len(p.value) > 0 {
		dst = append(append(dst, '='), p.value...)
	}
	return dst
}

// quotedEnd returns the index behind the quote that closes v[0], or -1.
func quotedEnd[T text](v T) int {
	for i := 1; i < len(v); i++ {
		switch v[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// appendQuoted copies a quoted string. A control octet may be in it as a
// quoted-pair (RFC 3261 §25.1) and is replaced by "?", so that it ends in no
// log, record or header.
func appendQuoted(dst, q []byte) ([]byte, Kind) {
	if kind := checkQuoted(q); kind != 0 {
		return dst, kind
	}
	for i := 0; i < len(q); i++ {
		if q[i] == '\\' {
			i++
			if isControl(q[i]) {
				dst = append(dst, '?')
				continue
			}
			dst = append(dst, '\\')
		}
		dst = append(dst, q[i])
	}
	return dst, 0
}

func checkQuoted(q []byte) Kind {
	for i := 0; i < len(q); i++ {
		c := q[i]
		if c == '\\' && i+1 < len(q) && q[i+1] != '\r' && q[i+1] != '\n' {
			i++
			continue
		}
		if isControl(c) && c != '\t' {
			return checkText(q[i : i+1])
		}
	}
	return 0
}

// nextValue cuts v at the first comma outside quotes and brackets.
func nextValue[T text](v T) (value, rest T, more bool) {
	angle := false
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case c == '"' && !angle:
			end := quotedEnd(v[i:])
			if end < 0 {
				return trimText(v), rest, false
			}
			i += end - 1
		case c == '<':
			angle = true
		case c == '>':
			angle = false
		case c == ',' && !angle:
			return trimText(v[:i]), v[i+1:], true
		}
	}
	return trimText(v), rest, false
}

func trimText[T text](s T) T {
	for len(s) > 0 && isBlank(s[0]) {
		s = s[1:]
	}
	for len(s) > 0 && isBlank(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

// lettersOnly reports that the library can read a scheme; it knows none with
// digits or dots.
func lettersOnly(scheme []byte) bool {
	for _, c := range scheme {
		if (c|0x20)-'a' >= 26 {
			return false
		}
	}
	return true
}

func hasHeaders(uri []byte) bool {
	scheme, _, _ := bytes.Cut(uri, []byte{':'})
	return (equalFold(scheme, "sip") || equalFold(scheme, "sips")) && bytes.IndexByte(hostOf(uri), '?') >= 0
}
