package fuzz

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"sekisho/media/relay"
)

// The acts of a script: an octet for the act, one for what is meant by it.
const (
	actCall byte = iota
	actAnswer
	actCancel
	actAck
	actBye
	actReoffer
	actSettle
	actPass
	actRepeat
	actHold
	actSilence
	actJunk
	actForge
	actTalk
	actMedia
	actUnreachable
	actAsk
	// actReliable says what the callers know from then on: 100rel, that they
	// require it, UPDATE.
	actReliable
	// actProgress is a reliable response of a branch, actPrack a PRACK beside
	// those that neighbours send of themselves, actUpdate an UPDATE.
	actProgress
	actPrack
	actUpdate
	// actReplace is an INVITE that takes over a dialog (RFC 3891), or would; actFax
	// offers T.38, actOdd is an INVITE that no border takes.
	actReplace
	actFax
	actOdd
	actsOfCalls
)

// An octet behind actCall: who calls (two bits), which number of that caller's
// (three), no offer, an address for media that is not its own.
const (
	numberShift = 2
	noOffer     = 1 << 5
	oddOffer    = 1 << 6
)

// FuzzCall plays a stream of events against a whole border: calls from both
// sides, what neighbours answer or fail to, time, loss, repetition, overtaking,
// forgery, media. A small model says what the border owes.
func FuzzCall(f *testing.F) {
	for _, script := range callScripts() {
		f.Add(script)
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 160 {
			return
		}
		s := newSite(t)
		s.play(script)
		s.close()
	})
}

func (s *site) play(script []byte) {
	for i := 0; i+1 < len(script); i += 2 {
		switch act := script[i]; act {
		case actDrain:
			s.drain()
		case actEnd:
			s.end()
		default:
			s.act(act%actsOfCalls, script[i+1])
		}
	}
}

var statuses = [16]int{100, 180, 183, 200, 486, 480, 503, 404, 302, 603, 181, 200, 199, 422, 401, 487}

var waits = [8]time.Duration{10 * time.Millisecond, 100 * time.Millisecond, 600 * time.Millisecond, 2 * time.Second,
	5 * time.Second, 33 * time.Second, 40 * time.Second, 181 * time.Second}

func (s *site) act(act, how byte) {
	switch act {
	case actCall:
		s.place(how)
	case actAnswer:
		if f := s.pick(int(how>>5), func(f *far) bool { return !f.uac }); f != nil {
			s.respond(f, statuses[how&15], how>>4&1)
		}
	case actCancel:
		if f := s.pick(int(how&7), func(f *far) bool { return f.uac }); f != nil {
			s.cancel(f)
		}
	case actAck:
		if f := s.pick(int(how&7), func(f *far) bool { return f.uac }); f != nil {
			s.ack(f)
		}
	case actBye:
		if f := s.pick(int(how&7), (*far).established); f != nil {
			s.bye(f)
		}
	case actReoffer:
		if f := s.pick(int(how&3), (*far).established); f != nil {
			body := ""
			if how&noOffer == 0 {
				body = s.describe(f.peer, int(how>>2))
			}
			s.next(f, "INVITE", body)
		}
	case actSettle:
		if f := s.pick(int(how&7), func(f *far) bool { return f.asked != nil }); f != nil {
			status := [4]int{200, 491, 488, 481}[how>>3&3]
			body := ""
			if status == 200 {
				body = s.agreeTo(f.peer, f.asked, int(how>>5))
			}
			s.send(f.peer, s.reply(f.asked, status, body))
		}
	case actPass:
		s.pass(waits[how&7])
	case actRepeat:
		s.repeat(int(how & 15))
	case actHold:
		s.hold = true
	case actSilence:
		for n := range s.silent {
			s.silent[n] = how>>n&1 != 0
		}
	case actJunk:
		s.junk(how)
	case actForge:
		s.forge(how)
	case actTalk:
		s.talk(how)
	case actMedia:
		s.notify(how)
	case actAsk:
		if f := s.pick(int(how&3), (*far).established); f != nil {
			s.ask(f, int(how>>2))
		}
	case actUnreachable:
		s.unreachable(int(how & 3))
	case actReliable:
		s.extensions = [4]string{"", "Supported: 100rel\r\n", "Require: 100rel\r\n", "Supported: 100rel, timer\r\n"}[how&3]
		if how&4 != 0 {
			s.extensions += "Allow: INVITE, PRACK, UPDATE\r\n"
		}
	case actProgress:
		s.proceed(how)
	case actPrack:
		s.prack(how)
	case actUpdate:
		s.update(how)
	case actReplace:
		s.replace(how)
	case actFax:
		if f := s.pick(int(how&3), (*far).established); f != nil {
			s.next(f, "INVITE", s.describeFax(f.peer, int(how>>2)))
		}
	case actOdd:
		s.odd(how)
	}
}

// pick finds the dialog that fits, back from the last.
func (s *site) pick(back int, fits func(*far) bool) *far {
	for i := len(s.fars) - 1; i >= 0; i-- {
		if fits(s.fars[i]) {
			if back == 0 {
				return s.fars[i]
			}
			back--
		}
	}
	return nil
}

func (f *far) established() bool {
	return strings.Contains(f.local, ";tag=") && strings.Contains(f.remote, ";tag=") && f.final < 300
}

func (s *site) place(how byte) {
	if len(s.fars) >= 24 {
		return
	}
	n := int(how & 3)
	list := dialled(n)
	body := s.describe(n, 0)
	switch {
	case how&noOffer != 0:
		body = ""
	case how&oddOffer != 0:
		body = s.describe(n, 3+int(how>>5&4))
	}
	s.call(n, list[int(how>>numberShift&7)%len(list)], body)
}

// respond answers the border's INVITE as one of two branches.
func (s *site) respond(f *far, status int, branch byte) {
	tag := string('a' + rune(branch))
	body := ""
	if status/100 == 2 || status == 183 {
		body = s.describe(f.peer, 0)
	}
	if status/100 == 2 {
		if told := f.told[branch]; !told.IsZero() && s.now.Sub(told) > 32*time.Second {
			return
		} else if told.IsZero() {
			f.told[branch] = s.now
		}
	}
	if status >= 200 && f.final == 0 {
		f.final = status
	}
	if status/100 == 2 && !strings.Contains(f.local, ";tag=") {
		f.local += ";tag=r" + tag
	}
	plain := *f
	plain.local, _, _ = strings.Cut(f.local, ";tag=")
	s.send(f.peer, plain.answer(status, tag, body, 0))
}

// proceed answers the border's INVITE reliably: which dialog (two bits), which
// branch, 180, a description, and the next number, the same again or one too far.
func (s *site) proceed(how byte) {
	f := s.pick(int(how&3), func(f *far) bool { return !f.uac && f.final == 0 })
	if f == nil {
		return
	}
	branch := how >> 2 & 1
	rseq := &f.rseq[branch]
	switch next := how >> 5 & 3; {
	case *rseq == 0:
		*rseq = 7
	case next < 2:
		*rseq++
	case next == 2: // again
	case next == 3:
		*rseq += 2
	}
	status, body := 183, ""
	if how>>3&1 != 0 {
		status = 180
	}
	if how>>4&1 != 0 {
		body = s.describe(f.peer, 0)
	}
	plain := *f
	plain.local, _, _ = strings.Cut(f.local, ";tag=")
	s.send(f.peer, plain.answer(status, string('a'+rune(branch)), body, *rseq))
}

// prack acknowledges what came last once more, or what never came, perhaps with an
// offer.
func (s *site) prack(how byte) {
	f := s.pick(int(how&3), func(f *far) bool { return strings.Contains(f.remote, ";tag=") && strings.Contains(f.local, ";tag=") })
	if f == nil {
		return
	}
	body := ""
	if how>>2&1 != 0 {
		body = s.describe(f.peer, int(how>>5))
	}
	f.cseq++
	s.serial++
	s.send(f.peer, f.prack(s.serial, f.rseq[0]+uint32(how>>3&3), body))
}

// update offers in the dialog, or in that of a branch which has not answered.
func (s *site) update(how byte) {
	f := s.pick(int(how&3), func(f *far) bool { return strings.Contains(f.remote, ";tag=") && f.final < 300 })
	if f == nil {
		return
	}
	body := ""
	if how&noOffer == 0 {
		body = s.describe(f.peer, int(how>>3&3))
	}
	early := f.as(how >> 2 & 1)
	s.next(early, "UPDATE", body)
	f.cseq = early.cseq
}

// repeat sends again what was sent within T4, "the amount of time the network
// will take to clear messages" (RFC 3261 §17.1.2.2).
func (s *site) repeat(back int) {
	if i := len(s.sentTo) - 1 - back; i >= 0 && s.now.Sub(s.sentTo[i].at) < 4*time.Second {
		s.send(s.sentTo[i].from, s.sentTo[i].data)
	}
}

// junk is a message that is none, or that belongs to nothing.
func (s *site) junk(how byte) {
	n := int(how & 3)
	at := neighbours[n].flow.Remote
	s.serial++
	stray := fmt.Sprintf("Via: SIP/2.0/UDP %s;branch=z9hG4bKj%d\r\nMax-Forwards: 70\r\nFrom: <sip:j@j.example>;tag=j\r\nTo: <sip:k@k.example>%%s\r\nCall-ID: j%d\r\nCSeq: 1 %%s\r\nContact: <sip:j@%s>\r\nContent-Length: 0\r\n\r\n",
		at, s.serial, s.serial, at)
	last := []byte("\r\n\r\n")
	if len(s.sentTo) > 0 {
		m := s.sentTo[len(s.sentTo)-1]
		n, last = m.from, m.data
	}
	s.send(n, [16][]byte{
		fmt.Appendf(nil, "BYE sip:k@192.0.2.10 SIP/2.0\r\n"+stray, ";tag=none", "BYE"),
		fmt.Appendf(nil, "CANCEL sip:k@192.0.2.10 SIP/2.0\r\n"+stray, "", "CANCEL"),
		fmt.Appendf(nil, "ACK sip:k@192.0.2.10 SIP/2.0\r\n"+stray, ";tag=none", "ACK"),
		fmt.Appendf(nil, "OPTIONS sip:k@192.0.2.10 SIP/2.0\r\n"+stray, "", "OPTIONS"),
		fmt.Appendf(nil, "MESSAGE sip:k@192.0.2.10 SIP/2.0\r\n"+stray, "", "MESSAGE"),
		fmt.Appendf(nil, "INVITE sip:k@192.0.2.10 SIP/2.0\r\n"+stray, ";tag=none", "INVITE"),
		fmt.Appendf(nil, "SIP/2.0 200 OK\r\n"+stray, ";tag=none", "BYE"),
		fmt.Appendf(nil, "SIP/2.0 503 No\r\n"+stray, ";tag=none", "INVITE"),
		bytes.Replace(last, []byte("CSeq: "), []byte("CSeq: x"), 1),
		bytes.Replace(last, []byte("SIP/2.0\r\n"), []byte("SIP/3.0\r\n"), 1)[:len(last)],
		bytes.Replace(last, []byte("Call-ID: "), []byte("Call-ID: \x00"), 1),
		bytes.Replace(last, []byte("Content-Length: "), []byte("Content-Length: 9"), 1),
		last[:len(last)/2], []byte("\r\n\r\n"), {0, 1, 2, 3}, []byte("INVITE"),
	}[how>>2&15])
}

// forge sends, from somebody else, what only a party of the dialog may: other
// neighbours get a refusal, and strangers nothing at all.
func (s *site) forge(how byte) {
	f := s.pick(int(how&3), func(*far) bool { return true })
	n := int(how >> 2 & 7)
	if f == nil || n > nobody || n == f.peer {
		return
	}
	s.serial++
	branch := fmt.Sprintf("z9hG4bKx%d", s.serial)
	var data []byte
	switch how >> 5 & 3 {
	case 0:
		data = withBody(f.head("BYE", branch, f.cseq+1), "")
	case 1:
		data = withBody(f.head("CANCEL", f.branch+"x", f.invite), "")
	case 2:
		data = withBody(f.head("ACK", branch, f.invite), "")
	case 3:
		if !f.established() {
			return // it would be a call
		}
		data = withBody(f.head("INVITE", branch, f.cseq+1), s.describe(f.peer, 0))
	}
	s.send(n, data)
}

var mediaHost = netip.MustParseAddr("192.0.2.12")

// talk sends a packet of audio to every port of the border's.
func (s *site) talk(how byte) {
	s.media.Step(s.now)
	peer := sender{ssrc: uint32(how), position: position{uint16(s.serial), uint32(s.serial) * 160}}
	from := neighbours[how%6].flow.Remote.Addr()
	for port := uint16(20000); port < 20032; port += 2 {
		s.media.Deliver(netip.AddrPortFrom(from, 4000), netip.AddrPortFrom(mediaHost, port), peer.packet(audioType, voice(160)))
	}
	s.flush(-1)
	s.answer()
}

// notify tells the border of an event for a slot that it has, or had.
func (s *site) notify(how byte) {
	if len(s.slots) == 0 {
		return
	}
	slot := s.slots[int(how>>2)%len(s.slots)]
	switch how & 3 {
	case 0:
		s.mediaEvent(relay.Played{Slot: slot, Token: uint64(how)})
	case 1:
		s.mediaEvent(relay.Failed{Slot: slot, Reason: "for no reason"})
	case 2:
		s.mediaEvent(relay.Digit{Slot: slot, Key: '*'})
	case 3:
		slot.Epoch-- // of a lease before
		s.mediaEvent(relay.Released{Slot: slot})
	}
}

// The seeds lead to every kind of message, and to the ends that calls have.
func TestCallsReach(t *testing.T) {
	reached := map[string]bool{}
	for i, script := range callScripts() {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			s := newSite(t)
			s.play(script)
			s.close()
			for what := range s.reached {
				reached[what] = true
			}
			reached["redirected"] = reached["redirected"] || s.model.followed > 0
			for _, a := range s.model.attempts {
				reached["replaced"] = reached["replaced"] || a.takes && a.final/100 == 2
			}
			for _, a := range s.model.attempts {
				reached["turned away"] = reached["turned away"] || a.turnedAway() && len(a.records) > 0
				reached["helped"] = reached["helped"] || a.drained && a.helps()
			}
			reached["another peer"] = reached["another peer"] || len(s.model.again) > 0
		})
	}
	for _, what := range []string{
		"INVITE", "ACK", "CANCEL", "BYE", "100 INVITE", "180 INVITE", "183 INVITE", "200 INVITE", "200 BYE", "200 CANCEL", "200 OPTIONS",
		"403 INVITE", "404 INVITE", "480 INVITE", "486 INVITE", "487 INVITE", "488 INVITE", "503 INVITE", "481 BYE", "481 CANCEL", "405 MESSAGE",
		"PRACK", "200 PRACK", "481 PRACK", "500 PRACK", "UPDATE", "200 UPDATE", "491 UPDATE", "500 UPDATE", "481 UPDATE", "488 UPDATE", "504 INVITE",
		"relay.Played", "relay.Released", "relay.Latched",
		"another peer", "replaced", "fax", "420 INVITE", "422 INVITE", "482 INVITE", "483 INVITE", "INFO", "REFER", "NOTIFY", "200 INFO", "415 INFO", "405 INFO", "202 REFER", "603 REFER", "491 REFER", "489 NOTIFY", "501 FROB", "redirected",
		"503 OPTIONS", "turned away", "helped", "ended before the answer", "ended behind the answer",
	} {
		if !reached[what] {
			t.Errorf("no seed leads to %s: %v", what, reached)
		}
	}
}
