package config

import (
	"slices"

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
	dtls, allowed := m.Key("dtls"), m.Key("over_plain")
	if s.DTLS = dtls.Bool(false); s.DTLS && s.Phones == profile.SRTPOff {
		dtls.Warnf("not used: SRTP is off")
		s.DTLS = false
	}
	if s.DTLS && !slices.ContainsFunc(s.Suites, agreeable) {
		dtls.Faultf("none of the suites can be agreed on by DTLS: there are %s, %s, %s", profile.AES128GCM, profile.AES256GCM, profile.AES128CM80)
	}
	if s.DTLS {
		s.OverPlain = allowed.Bool(false)
	} else {
		s.OverPlain = overPlain(s.Phones, flow.UDP, allowed)
	}
	return s
}

// agreeable are the suites with a DTLS protection profile.
func agreeable(s profile.SRTPSuite) bool {
	return s == profile.AES128GCM || s == profile.AES256GCM || s == profile.AES128CM80
}

// overPlain holds keys back from signalling that is not encrypted, unless the
// operator allows it by name: whoever reads the SDP hears the call. It returns
// whether the operator does.
func overPlain(mode profile.SRTP, p flow.Proto, allowed document.Value) (given bool) {
	given = allowed.Bool(false)
	switch {
	case mode == profile.SRTPOff:
		if given {
			allowed.Warnf("not used: SRTP is off")
		}
	case p != flow.TLS && !given:
		allowed.Faultf("must be true for SRTP over %s: its keys stand in the signalling, for everybody on the way to read", p)
	}
	return given
}

// transportOf is the transport of a listener of the border's.
func (l *loader) transportOf(n flow.Listener) flow.Proto {
	if int(n) >= len(l.c.Border.Listeners) {
		return flow.UDP
	}
	return l.c.Border.Listeners[n].Proto
}
