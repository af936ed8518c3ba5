package siptest

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/sdp"
	"sekisho/media/relay"
)

// Summary is what matters of one message. Fields that the message has not are
// empty.
type Summary struct {
	// Method is the request's, or the CSeq's of a response.
	Method string
	// Status is 0 in a request.
	Status int
	// User is the Request-URI's.
	User string
	// Display and From are From's display name and user.
	Display, From string
	// Asserted are the users of P-Asserted-Identity, in order (RFC 3325).
	Asserted []string
	Privacy  string
	// Media tells the body as MediaOf does.
	Media string
	// EarlyMedia is P-Early-Media as it came (RFC 5009).
	EarlyMedia string
	// Reliable is set in a provisional response that asks for a PRACK, and in a
	// request that requires it (RFC 3262).
	Reliable bool
	// Reason is as ReasonOf tells it.
	Reason string
	// Session is what it says of session timers (RFC 4028), as "1800/uac min=90".
	// It is no part of String: a ladder that is about timers adds it.
	Session string
	// Fault says why the message cannot be read; Method is then its start line.
	Fault string
}

// Summarise reads a message. It never fails: what our own guard would refuse
// is shown by its start line and the Fault.
func Summarise(data []byte) Summary {
	m, err := header.Parse(header.NewGuard(header.Limits{}), data)
	if err != nil {
		line, _, _ := strings.Cut(string(data), "\r\n")
		return Summary{Method: strconv.QuoteToASCII(line), Fault: err.Error()}
	}
	s := Summary{
		Method:     string(m.CSeq().MethodName),
		Privacy:    strings.Join(header.Lines(m, "Privacy"), ";"),
		EarlyMedia: strings.Join(header.Values(m, "P-Early-Media"), ","),
		Reason:     ReasonOf(header.Lines(m, "Reason")),
		Media:      MediaOf(m.Body()),
		Display:    m.From().DisplayName,
		From:       m.From().Address.User,
	}
	s.Session = sessionOf(m)
	s.Reliable = header.HasOption(m, "Require", "100rel")
	for _, v := range header.Values(m, "P-Asserted-Identity") {
		s.Asserted = append(s.Asserted, User(v))
	}
	switch m := m.(type) {
	case *sip.Request:
		s.User = m.Recipient.User
	case *sip.Response:
		s.Status = m.StatusCode
	}
	return s
}

// String is the line of a ladder: what was said first, then who, then media.
// Parties are named where they are news, in an INVITE.
func (s Summary) String() string {
	if s.Fault != "" {
		return s.Method + " unreadable: " + s.Fault
	}
	var words []string
	add := func(name, value string) {
		if value != "" {
			words = append(words, name+value)
		}
	}
	if s.Status != 0 {
		add("", strconv.Itoa(s.Status))
	}
	add("", s.Method)
	if s.Reliable {
		add("", "reliable")
	}
	if s.Status == 0 && s.Method == "INVITE" {
		add("", s.User)
		from := s.From
		if s.Display != "" {
			from = strconv.Quote(s.Display) + " " + from
		}
		add("from=", from)
		add("pai=", strings.Join(s.Asserted, ","))
		add("privacy=", s.Privacy)
	}
	add("", s.Media)
	add("pem=", s.EarlyMedia)
	add("", s.Reason)
	return strings.Join(words, " ")
}

func sessionOf(m sip.Message) string {
	var words []string
	if v := header.First(m, "Session-Expires"); v != "" {
		words = append(words, strings.ReplaceAll(v, ";refresher=", "/"))
	}
	if v := header.First(m, "Min-SE"); v != "" {
		words = append(words, "min="+v)
	}
	if header.HasOption(m, "Require", "timer") {
		words = append(words, "required")
	}
	return strings.Join(words, " ")
}

// MediaOf tells a session description in a few words: codecs in their order,
// "te101" for telephone-event and its payload type, the direction unless it is
// sendrecv, "held" for an unspecified address, a transport other than RTP/AVP,
// "key1=" and its suite for each a=crypto line, whose key is told to nobody,
// "dtls=" and the role where there is a fingerprint.
// It is "" for an empty body, "t38" for a fax, and "no audio" where none is
// described.
func MediaOf(body []byte) string {
	if len(body) == 0 {
		return ""
	}
	d, err := sdp.Parse(body)
	if err != nil {
		return "body?"
	}
	if _, _, ok := d.Fax(); ok {
		return "t38"
	}
	a, ok := d.Audio()
	if !ok {
		return "no audio"
	}
	var words []string
	if a.Proto != "RTP/AVP" {
		words = append(words, a.Proto)
	}
	for _, f := range a.Formats {
		switch {
		case strings.EqualFold(f.Name, "telephone-event"):
			words = append(words, fmt.Sprintf("te%d", f.PT))
		case f.Name == "":
			words = append(words, fmt.Sprintf("pt%d", f.PT))
		default:
			words = append(words, strings.ToLower(f.Name))
		}
	}
	switch a.Direction {
	case relay.SendRecv:
	case relay.SendOnly:
		words = append(words, "sendonly")
	case relay.RecvOnly:
		words = append(words, "recvonly")
	case relay.Inactive:
		words = append(words, "inactive")
	}
	if a.RTP.IsValid() && a.RTP.Addr().IsUnspecified() {
		words = append(words, "held")
	}
	for _, c := range a.Crypto {
		words = append(words, fmt.Sprintf("key%d=%v", c.Tag, c.Key))
	}
	if a.Keyed && len(a.Crypto) == 0 {
		words = append(words, "key=unusable")
	}
	if a.Fingered {
		words = append(words, "dtls="+cmp.Or(a.DTLS.Setup.String(), "unsaid"))
	}
	return strings.Join(words, " ")
}

// ReasonOf tells Reason headers (RFC 3326): `q850=21 "text"` for a Q.850
// cause, `sip=200 "text"` for a status, in this order; otherwise as they came.
func ReasonOf(lines []string) string {
	all := strings.Join(lines, ", ")
	m := sip.NewRequest(sip.BYE, sip.Uri{})
	m.AppendHeader(sip.NewHeader("Reason", all))
	var words []string
	say := func(name string, n int, text string) {
		words = append(words, fmt.Sprintf("%s=%d", name, n))
		if text != "" {
			words = append(words, strconv.Quote(text))
		}
	}
	if q, text, ok := cause.Of(m); ok {
		say("q850", int(q), text)
	}
	reasons, _ := header.Reasons(m)
	for _, r := range reasons {
		if strings.EqualFold(r.Protocol, "SIP") && r.Cause > 0 {
			say("sip", r.Cause, r.Text)
		}
	}
	if len(words) == 0 && all != "" {
		return "reason=" + all
	}
	return strings.Join(words, " ")
}

// User returns the user part of an address as From and the identity headers
// write it: `"Name" <sip:0300009001@a.example;user=phone>` or `tel:+8130…`.
// It is the host where a SIP URI has no user.
func User(address string) string {
	if i := strings.LastIndexByte(address, '<'); i >= 0 {
		address, _, _ = strings.Cut(address[i+1:], ">")
	}
	_, user, ok := strings.Cut(address, ":")
	if !ok {
		return address
	}
	user, _, _ = strings.Cut(user, "@")
	user, _, _ = strings.Cut(user, ";")
	return user
}
