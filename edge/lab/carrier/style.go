package carrier

import (
	"strings"

	"sekisho/edge/sip/sdp"
	"sekisho/media/relay"
)

// Header is one header line of a message.
type Header struct{ Name, Value string }

// Style is how an exchange writes. Addresses are templates:
//
//	{national}  the number as dialled in Japan: 09000002001, 2001
//	{e164}      with its country code: +819000002001; others as they are
//	{dialled}   the digits dialled, '#' escaped
//	{domain}    Domain
//	{border}    host and port that the call is sent to
type Style struct {
	Domain string
	// Target is the Request-URI, From the From header without its tag.
	Target, From string
	// Asserted are the values of P-Asserted-Identity (RFC 3325); none leaves
	// it out.
	Asserted []string
	// Invite, Ringing and Answer are further headers of the INVITE, of 18x and
	// of 200.
	Invite, Ringing, Answer []Header
	// Codecs are in order of preference.
	Codecs []relay.Codec
	// Event is the payload type offered for telephone-event (RFC 4733).
	Event relay.PayloadType
	// Secure is whether it speaks SRTP, and by which suites.
	Secure sdp.Secure
}

// Docomo writes as SPEC §2.4 shows: From as SIP URI, the identity as tel URI,
// both with country code.
//
// Of the extensions only timer is claimed: the stack under an exchange sends no
// PRACK, so saying 100rel would make a peer wait for one.
func Docomo() Style {
	s := mobile("docomo.test")
	s.From = "<sip:{e164}@{domain};user=phone>"
	s.Asserted = []string{"<tel:{e164}>"}
	return s
}

// AU asserts a SIP and a tel URI and writes From in national form.
func AU() Style {
	s := mobile("au.test")
	s.From = "<sip:{national}@{domain};user=phone>"
	s.Asserted = []string{"<sip:{e164}@{domain};user=phone>", "<tel:{e164}>"}
	return s
}

// SoftBank writes national numbers in SIP URIs only.
func SoftBank() Style {
	s := mobile("softbank.test")
	s.From = "<sip:{national}@{domain};user=phone>"
	s.Asserted = []string{"<sip:{national}@{domain};user=phone>"}
	return s
}

// PSTN is a gateway that writes national numbers.
func PSTN() Style {
	s := mobile("pstn.test")
	s.From = "<sip:{national}@{domain};user=phone>"
	s.Asserted = []string{"<sip:{national}@{domain};user=phone>"}
	s.Codecs = []relay.Codec{relay.PCMU, relay.PCMA}
	return s
}

// InternationalPSTN is a gateway that writes numbers with their country code.
func InternationalPSTN() Style {
	s := PSTN()
	s.From = "<sip:{e164}@{domain};user=phone>"
	s.Asserted = []string{"<sip:{e164}@{domain};user=phone>"}
	return s
}

// Phone is a desk phone or softphone of a domain: it asserts nothing.
func Phone(domain string) Style {
	return Style{
		Domain: domain,
		Target: "sip:{dialled}@{domain}",
		From:   "<sip:{national}@{domain}>",
		Codecs: []relay.Codec{relay.PCMU, relay.PCMA},
		Event:  101,
	}
}

func mobile(domain string) Style {
	return Style{
		Domain: domain,
		Target: "sip:{dialled}@{border};user=phone",
		Invite: []Header{
			{"Supported", "timer"},
			{"Session-Expires", "1800"},
			{"P-Early-Media", "supported"},
		},
		Answer: []Header{{"Supported", "timer"}},
		Codecs: []relay.Codec{relay.PCMU},
		Event:  101,
	}
}

// writer fills the templates of one call.
type writer struct{ *strings.Replacer }

func (s Style) writer(d Dial, border string) writer {
	return writer{strings.NewReplacer(
		"{national}", national(d.From),
		"{e164}", e164(d.From),
		"{dialled}", strings.ReplaceAll(d.To, "#", "%23"),
		"{domain}", s.Domain,
		"{border}", border,
	)}
}

// all fills each of a list; a nil list stays nil.
func (w writer) all(templates []string) []string {
	var out []string
	for _, t := range templates {
		out = append(out, w.Replace(t))
	}
	return out
}

func e164(number string) string {
	if rest, ok := strings.CutPrefix(number, "0"); ok {
		return "+81" + rest
	}
	return number
}

func national(number string) string {
	if rest, ok := strings.CutPrefix(number, "+81"); ok {
		return "0" + rest
	}
	return number
}
