package header

import (
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// URI is a sip, sips, tel or other URI divided into plain strings, for rooms
// that know no SIP types.
type URI struct {
	Scheme string // lower case
	// User is the userinfo without password, escaped as on the wire; for tel,
	// urn and the like, all up to the first semicolon.
	User     string
	Password string
	// UserParams are the parameters inside the user part of a sip URI, as in
	// sip:+81300000001;npdi;rn=+81300000002@host (RFC 4694, RFC 3261 §19.1.6).
	UserParams Params
	Host       string // brackets kept; "" for schemes without host
	Port       int    // 0 where there is none
	Params     Params // of the URI: user, transport, lr; for tel: phone-context…
	Headers    string // behind "?", escaped as on the wire
}

// ParseURI divides a URI at the places the guard checks.
func ParseURI(s string) (URI, error) {
	var u URI
	if !isURI(s) {
		return u, syntax("URI")
	}
	scheme, rest, _ := strings.Cut(s, ":")
	u.Scheme = strings.ToLower(scheme)
	if u.Scheme != "sip" && u.Scheme != "sips" {
		user, params, _ := strings.Cut(rest, ";")
		u.User, u.Params = user, uriParams(params)
		return u, nil
	}
	if user, host, ok := strings.Cut(rest, "@"); ok {
		user, u.Password, _ = strings.Cut(user, ":")
		rest = host
		var params string
		u.User, params, _ = strings.Cut(user, ";")
		u.UserParams = uriParams(params)
	}
	rest, u.Headers, _ = strings.Cut(rest, "?")
	host, params, _ := strings.Cut(rest, ";")
	u.Params = uriParams(params)
	u.Host = host
	if i := strings.LastIndexByte(host, ':'); i > strings.IndexByte(host, ']') {
		u.Host = host[:i]
		u.Port, _ = strconv.Atoi(host[i+1:])
	}
	return u, nil
}

// isURI is checkURI for text that has no bound on its parameters.
func isURI(s string) bool {
	var room [192]byte // most URIs are shorter: they are not copied to the heap
	return checkURI(append(room[:0], s...), len(s)) == 0
}

// URIOf divides a URI of the message library.
func URIOf(u *sip.Uri) (URI, error) {
	var b strings.Builder
	b.Grow(96) // more than most are long
	u.StringWrite(&b)
	return ParseURI(b.String())
}

// URIIn divides the URI of the first value of a header that holds addresses.
func URIIn(m sip.Message, name string) (URI, error) {
	a, err := ParseNameAddr(First(m, name))
	if err != nil {
		return URI{}, err
	}
	return ParseURI(a.URI)
}

// String writes the URI as ParseURI read it.
func (u URI) String() string {
	var b strings.Builder
	b.WriteString(u.Scheme)
	b.WriteByte(':')
	b.WriteString(u.User)
	b.WriteString(u.UserParams.String())
	if u.Password != "" {
		b.WriteString(":" + u.Password)
	}
	if u.Host != "" {
		if b.Len() > len(u.Scheme)+1 {
			b.WriteByte('@')
		}
		b.WriteString(u.Host)
	}
	if u.Port > 0 {
		b.WriteString(":" + strconv.Itoa(u.Port))
	}
	b.WriteString(u.Params.String())
	if u.Headers != "" {
		b.WriteString("?" + u.Headers)
	}
	return b.String()
}

// TelParam returns a telephone parameter, such as phone-context, cpc or npdi,
// from the two places where it may stand: the user part of a sip URI, or the
// parameters of the URI itself.
func (u URI) TelParam(name string) (string, bool) {
	if v, ok := u.UserParams.Get(name); ok {
		return v, true
	}
	return u.Params.Get(name)
}

// Phone reports whether the user part is a telephone number by its form: a tel
// URI, or user=phone (RFC 3261 §19.1.1).
func (u URI) Phone() bool {
	v, _ := u.Params.Get("user")
	return u.Scheme == "tel" || strings.EqualFold(v, "phone")
}

// Unescaped returns User with its %HH escapes resolved. It reports false, and
// returns User, where an escape is malformed or stands for a control octet.
func (u URI) Unescaped() (string, bool) {
	if s, ok := unescape(u.User); ok {
		return s, true
	}
	return u.User, false
}

// unescape resolves "%" HEXDIG HEXDIG; it refuses control octets.
func unescape(s string) (string, bool) {
	if !strings.Contains(s, "%") {
		return s, true
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' {
			if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
				return "", false
			}
			n, _ := strconv.ParseUint(s[i+1:i+3], 16, 8)
			c = byte(n)
			i += 2
		}
		if isControl(c) {
			return "", false
		}
		b = append(b, c)
	}
	return string(b), true
}

func uriParams(s string) Params {
	if s == "" {
		return nil
	}
	params := make(Params, 0, strings.Count(s, ";")+1)
	for p := range strings.SplitSeq(s, ";") {
		name, value, _ := strings.Cut(p, "=")
		params = append(params, Param{Name: name, Value: value})
	}
	return params
}
