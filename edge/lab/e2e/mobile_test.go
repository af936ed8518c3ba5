package e2e

import (
	"slices"
	"strings"
	"testing"
)

// TestMobileHolds: *0 and three seconds hold (SPEC R55), * resumes. A is told of
// neither.
func TestMobileHolds(t *testing.T) {
	s := stage(t, 5)
	b := s.mobile("docomo", voiceB, "*0", "*")
	holds(s, b)
}

// TestMobileHoldsInBand is the same where the carrier's network knows no
// telephone-events and keys are tones.
func TestMobileHoldsInBand(t *testing.T) {
	s := stage(t, 5)
	b := s.start(&Handset{Name: "docomo", Local: s.site.Trunks["docomo"], Voice: voiceB, InBand: true, Stream: []Segment{{}, {Keys: "*0#", InBand: true}, {Keys: "*", InBand: true}}})
	holds(s, b)
}

func holds(s *scene, b *Handset) {
	a := s.call("0300000121", b)
	atA, atB := s.ear("A", a), s.ear("B", b)
	s.order(b, "PRESS1")
	s.told(atB, "hold_on")
	s.hears(atA, "music", s.music())
	s.order(b, "PRESS2")
	s.together(s.listen(atA), s.listen(atB))
	s.over(a)
	s.unkeyed(atA)
	s.recorded("border 0300009001>0300000121"+byA, "border 0300009001>09000002001"+byA)
}

// TestMobileTransfers: a mobile asks a phone and hangs up, so that its caller
// talks to the phone (SPEC R41, R42, R44, R47).
func TestMobileTransfers(t *testing.T) {
	s := stage(t, 5)
	c := phone(t, s.site.Phone("1001", voiceC))
	b := s.mobile("docomo", voiceB, "*", "1001#")
	a := s.call("0300000121", b)
	atA, atB := s.ear("A", a), s.ear("B", b)
	s.order(b, "PRESS1")
	s.told(atB, "transfer_enter")
	s.hears(atA, "music", s.music())
	s.order(b, "PRESS2")
	atC := s.picksUp(c, "2001")
	s.together(s.listen(atB), atC)
	s.hears(s.listen(atA), "music", s.music())
	s.order(b, "HANGUP")
	s.together(s.listen(atA), s.listen(atC))
	order(t, c, "hangup", "")
	s.ended()
	s.unkeyed(atA)
	s.recorded("border 0300009001>0300000121"+byB, "border 0300009001>09000002001"+byB)
}

// TestMobileTransfersBlind: an au mobile passes a colleague's call on to a third
// at SoftBank, and is let go before it answers (SPEC R48).
func TestMobileTransfersBlind(t *testing.T) {
	s := stage(t, 5)
	b := s.mobile("au", voiceB, "#", "2003#")
	c := s.mobile("softbank", voiceC)
	a := s.dial("docomo", "09000002001", "82002", voiceA)
	s.accept(b)
	s.answered(a)
	atA, atB := s.ear("A", a), s.ear("B", b)
	s.together(atA, atB)
	s.order(b, "PRESS1")
	s.told(atB, "transfer_enter")
	s.order(b, "PRESS2")
	invite := s.offered(c)
	s.message(b.Local, "BYE ")
	if shown := invite.Header("From"); !strings.Contains(shown, ":82001@") {
		t.Errorf("C is shown %s", shown)
	}
	s.accept(c)
	s.together(s.listen(atA), s.ear("C", c))
	s.over(a)
	s.unkeyed(atA)
	s.recorded("border 09000002001>2002"+byA, "border 2001>09000002002"+byA, "border 2001>09000002003"+byA)
}

// TestMobileParks: a SoftBank mobile parks its caller, and a docomo mobile
// retrieves the call (SPEC R62, R65).
func TestMobileParks(t *testing.T) {
	s := stage(t, 5)
	b := s.mobile("softbank", voiceB, "#700")
	a := s.call("0300000122", b)
	atA, atB := s.ear("A", a), s.ear("B", b)
	s.order(b, "PRESS1")
	s.told(atB, "park_prefix", "digit_7", "digit_0", "digit_1", "park_suffix")
	s.message(b.Local, "BYE ")
	s.hears(atA, "music", s.music())
	c := s.dial("docomo", "09000002001", "8701", voiceC)
	s.answered(c)
	s.beeped(s.ear("C", c))
	s.together(s.listen(atA), s.ear("C", c))
	s.over(c)
	s.unkeyed(atA)
	s.recorded("border 0300009001>0300000122"+byB, "border 0300009001>09000002003"+byA, "border 09000002001>701"+byA)
}

// TestMobilePicksUp: an au mobile takes the call that rings at a docomo one
// (SPEC R67).
func TestMobilePicksUp(t *testing.T) {
	s := stage(t, 5)
	b := s.mobile("docomo", voiceB)
	a := s.dial("pstn", "0300009001", "0300000121", voiceA)
	s.offered(b)
	s.from(b.Local, "SIP/2.0 180")
	c := s.dial("au", "09000002002", "892001", voiceC)
	s.answered(c)
	s.answered(a)
	s.elsewhere(b)
	s.beeped(s.ear("C", c))
	s.together(s.ear("A", a), s.ear("C", c))
	s.over(a)
	s.recorded("border 0300009001>0300000121"+byA, "border 0300009001>09000002001"+cancelled, "border 09000002002>92001"+byB)
}

// elsewhere judges that a handset's call was cancelled as one that was answered
// elsewhere.
func (s *scene) elsewhere(h *Handset) {
	s.Helper()
	if m := s.message(h.Local, "CANCEL "); !strings.Contains(m.Text, `Reason: SIP;cause=200;text="Call completed elsewhere"`) {
		s.Errorf("cancelled with %s", m.Text)
	}
}

// TestGroup: with three channels, three of the group's four mobiles ring and both
// its phones (SPEC R70); a phone answers.
func TestGroup(t *testing.T) {
	s := stage(t, 3)
	mobiles := s.start(&Handset{Name: "docomo", Local: s.site.Trunks["docomo"], Calls: 3, Stream: stream(nil)})
	other, c := phone(t, s.site.Phone("1001", voiceB)), phone(t, s.site.Phone("1002", voiceC))
	a := s.dial("pstn", "0300009001", "0300000137", voiceA)
	expect(t, other, "CALL_INCOMING")
	s.offered(mobiles)
	atC := s.picksUp(c, "0300009001")
	s.answered(a)
	s.elsewhere(mobiles)
	expect(t, other, "CALL_CLOSED")
	s.together(s.ear("A", a), atC)
	s.over(a)
	rung := s.invited(mobiles.Local)
	slices.Sort(rung)           // the border has many shards
	rung = slices.Compact(rung) // and may repeat itself where the machine is slow
	if want := []string{"09000002011", "09000002012", "09000002013"}; !slices.Equal(rung, want) {
		t.Errorf("%q ring, want %q", rung, want)
	}
	s.recorded(
		"border 0300009001>0300000137"+byA,
		"border 3701>09000002011"+cancelled, "border 3701>09000002012"+cancelled, "border 3701>09000002013"+cancelled)
}
