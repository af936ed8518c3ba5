package policy

import (
	"strings"

	"sekisho/policy/number"
)

// private reports a Privacy value that withholds the number: id (RFC 3325
// §9.3), user or header (RFC 3323 §4.2). none, critical, session and history
// alone do not; none beside one that does changes nothing, since nobody is
// harmed by a number that is not shown.
func private(value string) bool {
	for value != "" {
		end := strings.IndexAny(value, ";,")
		token := value
		if end >= 0 {
			token, value = value[:end], value[end+1:]
		} else {
			value = ""
		}
		token = strings.Trim(token, " \t\r\n\"")
		if strings.EqualFold(token, "id") || strings.EqualFold(token, "user") || strings.EqualFold(token, "header") {
			return true
		}
	}
	return false
}

// unsupported returns a priv-value that the caller declares critical and that
// nobody here can provide: "If the privacy service is unable to provide the
// requested level of privacy", the request fails (RFC 3323 §5). Those of
// RFC 3323 §4.2, RFC 3325 §9.3 and RFC 7044 §7 can be: both legs are ours.
func unsupported(value string) string {
	critical, odd := false, ""
	for token := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == ';' || r == ',' }) {
		switch token = strings.ToLower(strings.Trim(token, " \t\r\n\"")); token {
		case "critical":
			critical = true
		case "", "none", "header", "session", "user", "id", "history":
		default:
			odd = token
		}
	}
	if critical {
		return odd
	}
	return ""
}

// keepsPrivate refuses, and reports false, where a critical wish for privacy
// cannot be met.
func (d *decision) keepsPrivate() bool {
	if odd := unsupported(d.request.Privacy); odd != "" {
		d.note("privacy", "critical", odd, "not supported")
		d.refuse(PrivacyUnsupported)
		return false
	}
	return true
}

func (p *presentation) keepsPrivate() bool {
	if odd := unsupported(p.out.Privacy); odd != "" && p.Called.Class() != number.Emergency {
		p.note("privacy", "critical", odd, "not supported")
		return p.refuse(PrivacyUnsupported)
	}
	return true
}

// clir settles whether an outside call shows the tenant's number: 184 and 186
// for this call (R4), otherwise the handset's own setting where the profile
// honours it (R3). Internal calls are never withheld: colleagues see each
// other.
func (d *decision) clir(asked number.CLIR) {
	handset := d.trunk.Profile.Ingress.HonorCLIR && private(d.request.Privacy)
	if !d.Called.Class().External() {
		if asked != number.ByDefault {
			d.note("R4", "prefix", asked.String(), "ignored for an internal call")
		}
		return
	}
	d.CLIR = asked
	switch {
	case asked == number.Withhold:
		d.Withheld = number.Anonymous
		d.note("R4", "prefix", asked.String(), "withheld for this call")
	case asked == number.Present:
		d.note("R4", "prefix", asked.String(), "presented for this call")
	case handset:
		d.Withheld = number.WithheldBy(d.request.From.Display)
		d.note("R3", "privacy", d.request.Privacy, "honoured")
	case private(d.request.Privacy):
		d.note("R3", "privacy", d.request.Privacy, "of the handset, not honoured")
	}
}
