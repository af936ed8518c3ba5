package config

import (
	"sekisho/edge/sip/flow"
	"sekisho/policy/document"
	"sekisho/policy/profile"
)

// readSRTP reads how phones key their media.
func readSRTP(m *document.MapReader) PhoneSRTP {
	words := []string{string(profile.SRTPOff), string(profile.SRTPOptional), string(profile.SRTPRequire)}
	s := PhoneSRTP{
		Phones: profile.SRTP(m.Key("phones").Enum(string(profile.SRTPOff), words...)),
		Suites: profile.ReadSuites(m.Key("suites")),
	}
	overPlain(s.Phones, flow.UDP, m.Key("over_plain"))
	return s
}

// overPlain holds keys back from signalling that is not encrypted, unless the
// operator allows it by name: whoever reads the SDP hears the call.
func overPlain(mode profile.SRTP, p flow.Proto, allowed document.Value) {
	given := allowed.Bool(false)
	switch {
	case mode == profile.SRTPOff:
		if given {
			allowed.Warnf("not used: SRTP is off")
		}
	case p != flow.TLS && !given:
		allowed.Faultf("must be true for SRTP over %s: its keys stand in the signalling, for everybody on the way to read", p)
	}
}

// transportOf is the transport of a listener of the border's.
func (l *loader) transportOf(n flow.Listener) flow.Proto {
	if int(n) >= len(l.c.Border.Listeners) {
		return flow.UDP
	}
	return l.c.Border.Listeners[n].Proto
}
