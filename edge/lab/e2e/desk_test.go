package e2e

import (
	"strings"
	"testing"
)

// picksUp waits for a call to a phone from somebody, and answers it.
func (s *scene) picksUp(p *Phone, from string) listener {
	s.Helper()
	e := expect(s.T, p, "CALL_INCOMING")
	if !strings.Contains(e.Peer, from) {
		s.Errorf("phone %s is called by %q, want %q", p.Extension, e.Peer, from)
	}
	order(s.T, p, "accept", "")
	return s.talks(p)
}

// talks waits for a phone's call to stand.
func (s *scene) talks(p *Phone) listener {
	s.Helper()
	e := expect(s.T, p, "CALL_ESTABLISHED")
	return listener{name: p.Extension, at: media(s.T, s.wire, p.SIP, e.Call), voice: p.Voice}
}

// reaches has the PSTN call phone 1001, which answers.
func (s *scene) reaches(p *Phone) (a *Handset, atA, atP listener) {
	s.Helper()
	a = s.dial("pstn", "0300009001", "0300000123", voiceA)
	atP = s.picksUp(p, "0300009001")
	s.answered(a)
	atA = s.ear("A", a)
	s.together(atA, atP)
	return a, atA, atP
}

// TestPhoneHolds: a re-INVITE holds and another resumes.
func TestPhoneHolds(t *testing.T) {
	s := stage(t, 5)
	b := phone(t, s.site.Phone("1001", voiceB))
	a, atA, atB := s.reaches(b)
	order(t, b, "hold", "")
	s.hears(atA, "music", s.music())
	order(t, b, "resume", "")
	s.together(s.listen(atA), s.listen(atB))
	s.over(a)
	s.recorded("border 0300009001>0300000123" + byA)
}

// TestPhoneTransfers: a phone asks another and makes its two calls one by REFER
// with Replaces (RFC 5589 §7).
func TestPhoneTransfers(t *testing.T) {
	s := stage(t, 5)
	b, c := phone(t, s.site.Phone("1001", voiceB)), phone(t, s.site.Phone("1002", voiceC))
	_, atA, _ := s.reaches(b)
	order(t, b, "hold", "")
	s.hears(atA, "music", s.music())
	order(t, b, "dial", "sip:1002@t1.example")
	atC := s.picksUp(c, "1001")
	s.together(s.talks(b), atC)
	ok := s.message(b.SIP, "SIP/2.0 200", "To: <sip:1002@", "INVITE")
	tag := func(header string) string {
		_, tag, _ := strings.Cut(ok.Header(header), ";tag=")
		return tag
	}
	order(t, b, "line", "1")
	order(t, b, "transfer", "<sip:1002@t1.example?Replaces="+ok.Header("Call-ID")+"%3Bto-tag%3D"+tag("To")+"%3Bfrom-tag%3D"+tag("From")+">")
	s.together(s.listen(atA), s.listen(atC))
	order(t, c, "hangup", "")
	s.ended()
	s.recorded("border 0300009001>0300000123"+byB, "core 1001>1002 answered a=local/q16")
}

// TestPhoneTransfersBlind: a phone passes its call on by REFER.
func TestPhoneTransfersBlind(t *testing.T) {
	s := stage(t, 5)
	b, c := phone(t, s.site.Phone("1001", voiceB)), phone(t, s.site.Phone("1002", voiceC))
	_, atA, _ := s.reaches(b)
	order(t, b, "transfer", "sip:1002@t1.example")
	atC := s.picksUp(c, "0300009001")
	s.together(s.listen(atA), atC)
	order(t, c, "hangup", "")
	s.ended()
	s.recorded("border 0300009001>0300000123" + byB)
}

// TestPhoneRetrieves: a phone dials the slot that a mobile has parked its caller
// in (SPEC R65).
func TestPhoneRetrieves(t *testing.T) {
	s := stage(t, 5)
	c := phone(t, s.site.Phone("1002", voiceC))
	b := s.mobile("docomo", voiceB, "#700")
	a := s.call("0300000121", b)
	s.order(b, "PRESS1")
	s.message(b.Local, "BYE ")
	order(t, c, "dial", "sip:701@t1.example")
	atC := s.talks(c)
	s.beeped(atC)
	s.together(s.ear("A", a), atC)
	s.over(a)
	s.recorded("border 0300009001>0300000121"+byA, "border 0300009001>09000002001"+byA, "core 1002>701 answered a=local/q16")
}

// TestPhonePicksUp: a phone takes the call that rings at another (SPEC R67).
func TestPhonePicksUp(t *testing.T) {
	s := stage(t, 5)
	b, c := phone(t, s.site.Phone("1001", voiceB)), phone(t, s.site.Phone("1002", voiceC))
	a := s.dial("pstn", "0300009001", "0300000123", voiceA)
	expect(t, b, "CALL_INCOMING")
	order(t, c, "dial", "sip:91001@t1.example")
	atC := s.talks(c)
	s.answered(a)
	expect(t, b, "CALL_CLOSED")
	s.beeped(atC)
	s.together(s.ear("A", a), atC)
	s.over(a)
	s.recorded("border 0300009001>0300000123"+byA, "core 1002>91001 answered a=local/q16")
}
