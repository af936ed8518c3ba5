package core

import (
	"crypto/md5"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/edge/core/registrar"
	"sekisho/edge/seam"
	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/leg"
)

var (
	addr1003  = netip.MustParseAddrPort("203.0.113.13:33000")
	addr1003b = netip.MustParseAddrPort("203.0.113.14:5060")
)

// message gives the core a request at the phones' listener.
func (r *rig) message(from netip.AddrPort, data string) {
	r.post(nil, r.core.Datagram(r.now, flow.Flow{Listener: 1, Remote: from}, []byte(data), nil))
}

// register sends a REGISTER and returns the core's answer, or "".
func (r *rig) register(from netip.AddrPort, callID, headers string) string {
	branch := fmt.Sprintf("%d-%d", r.rng.Uint64(), len(r.answers))
	before := len(r.answers)
	r.message(from, "REGISTER sip:t1.example SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.3:5060;rport;branch=z9hG4bK"+branch+
		"\r\nFrom: <sip:1003@t1.example>;tag=f\r\nTo: <sip:1003@t1.example>\r\nCall-ID: "+callID+
		fmt.Sprintf("\r\nCSeq: %d REGISTER\r\nMax-Forwards: 70\r\n", 1+before)+headers+"Content-Length: 0\r\n\r\n")
	if len(r.answers) == before {
		return ""
	}
	return r.answers[len(r.answers)-1]
}

// login registers 1003 by MD5 (RFC 2617's successor, as older phones do) with a
// Contact.
func (r *rig) login(from netip.AddrPort, callID, contact string) {
	r.t.Helper()
	challenge := r.register(from, callID, "")
	_, md5s, _ := strings.Cut(challenge, "algorithm=SHA-256")
	_, nonce, _ := strings.Cut(md5s, `nonce="`)
	nonce, _, _ = strings.Cut(nonce, `"`)
	h := func(s string) string { return fmt.Sprintf("%x", md5.Sum([]byte(s))) }
	response := h(h("1003:t1.example:"+password1003) + ":" + nonce + ":00000001:c:auth:" + h("REGISTER:sip:t1.example"))
	got := r.register(from, callID, "Contact: "+contact+"\r\nAuthorization: Digest username=\"1003\", realm=\"t1.example\", nonce=\""+nonce+
		"\", uri=\"sip:t1.example\", response=\""+response+"\", algorithm=MD5, cnonce=\"c\", qop=auth, nc=00000001\r\n")
	if !strings.HasPrefix(got, "SIP/2.0 200 OK\r\n") {
		r.t.Fatalf("%s\nto %s", got, challenge)
	}
}

// natted adds a phone behind a NAT: its RTP is described by an address of its
// own network.
func (r *rig) natted(at netip.AddrPort, seed uint64) *far {
	f := r.party(at, seed)
	f.media.Addr = netip.MustParseAddrPort("10.0.0.3:20000")
	r.others = append(r.others, f)
	return f
}

func TestRegisteredPhoneIsCalled(t *testing.T) {
	r := newRig(t, 1, 0)
	p := r.natted(addr1003, 7)
	r.login(addr1003, "a", "<sip:1003-x7@10.0.0.3:5060;ob>")
	r.fromBorder(seam.Call{Called: "1003", Caller: msisdn2001})
	r.run(time.Second)
	r.wantLog(r.border, "180 media=false", "answered")
	if got := p.invite.Recipient.String(); got != "sip:1003-x7@10.0.0.3:5060;ob" {
		t.Errorf("Request-URI %s", got)
	}
	// RTP goes to where its signalling is, to the port it described.
	r.wantCommands("configure 2 203.0.113.13:20000 0", "configure 1 192.0.2.1:20000 0", "join 1 2")
	// The call outlives the registration: the phone may still end it.
	r.run(2 * time.Hour)
	if _, registered := r.app.caller(flow.Flow{Listener: 1, Remote: addr1003}, p.invite); registered {
		t.Fatal("the registration never ends")
	}
	r.fromPhone(p, "2001")
	r.run(time.Second)
	if got := p.log[len(p.log)-1]; got != `ended remote 403 q850=57 "not registered"` {
		t.Errorf("a flow without registration called: %s", got)
	}
	r.do(p, 1, hangUp)
	r.run(time.Second)
	if r.border.ended == nil {
		t.Error("the phone's BYE was not believed")
	}
	r.settle()
	if _, known := r.app.Peer(flow.Flow{Listener: 1, Remote: addr1003}); known {
		t.Error("the flow is still somebody")
	}
}

// A phone behind a NAT is sent an empty datagram on the flow of its REGISTER.
func TestKeepalive(t *testing.T) {
	r := newRig(t, 1, 0)
	r.app.cfg.Registration.Keepalive = 25 * time.Second
	r.app.registrar = registrar.New(r.app.accounts())
	r.natted(addr1003, 7)
	r.login(addr1003, "a", "<sip:1003@10.0.0.3:5060>")
	from := len(r.trace)
	r.run(80 * time.Second)
	var beats []string
	for _, line := range r.trace[from:] {
		if strings.HasSuffix(line, addrPhones.String()+" > "+addr1003.String()+" ") {
			beats = append(beats, line)
		}
	}
	if len(beats) != 3 {
		t.Errorf("%d beats in 80 s: %q of %q", len(beats), beats, r.trace[from:])
	}
}

func TestRegisteredPhoneCalls(t *testing.T) {
	r := newRig(t, 1, 0)
	p := r.natted(addr1003, 7)
	id := r.fromPhone(p, "2001")
	r.run(time.Second)
	if len(p.log) != 0 || r.core.Counts().Strangers == 0 {
		t.Fatalf("a stranger was answered: %v", p.log)
	}
	r.do(p, id, hangUp)
	r.run(time.Minute)
	p.log = nil

	r.login(addr1003, "a", "<sip:1003@10.0.0.3>")
	id = r.fromPhone(p, outside)
	r.run(time.Second)
	r.wantLog(p, "180 media=false", "answered")
	if got := r.got(r.border); got.Caller != "0300000100" || got.Called != outside {
		t.Errorf("border got %+v", got)
	}
	r.wantCommands("configure 2 192.0.2.1:20000 0", "configure 1 203.0.113.13:20000 0", "join 1 2")
	r.do(p, id, hangUp)
	r.settle()
}

// Only REGISTER comes through from strangers at the phones' listener, and only
// phones are served there.
func TestStrangersAtPhonesListener(t *testing.T) {
	r := newRig(t, 1, 0)
	for _, method := range []string{"OPTIONS", "INVITE", "MESSAGE", "SUBSCRIBE", "BYE"} {
		r.message(addr1003, method+" sip:1001@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.13;branch=z9hG4bK"+method+
			"\r\nFrom: <sip:1003@t1.example>;tag=f\r\nTo: <sip:1001@t1.example>\r\nCall-ID: c\r\nCSeq: 1 "+method+
			"\r\nContact: <sip:a@203.0.113.13>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n")
	}
	if got := r.core.Counts(); len(r.trace) != 0 || got.Strangers != 5 || got.Legs != 0 || got.Transactions.Waiting() != 0 {
		t.Fatalf("%v, %+v", r.trace, got)
	}
	if got := r.register(addr1003, "a", ""); !strings.HasPrefix(got, "SIP/2.0 401 ") || r.core.Counts().Transactions.Waiting()+r.core.Counts().Transactions.Lingering != 0 {
		t.Errorf("%s, %+v", got, r.core.Counts())
	}
	at := func(l flow.Listener, from netip.AddrPort) string {
		before := len(r.answers)
		r.post(nil, r.core.Datagram(r.now, flow.Flow{Listener: l, Remote: from}, []byte(
			"REGISTER sip:t1.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKs\r\nFrom: <sip:1003@t1.example>;tag=f\r\n"+
				"To: <sip:1003@t1.example>\r\nCall-ID: s\r\nCSeq: 1 REGISTER\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"), nil))
		return strings.Join(r.answers[before:], "")
	}
	if got := at(0, addrBorder); !strings.HasPrefix(got, "SIP/2.0 403 ") {
		t.Errorf("over the seam: %q", got)
	}
	if got := at(0, addr1003); got != "" {
		t.Errorf("a stranger at the seam: %q", got)
	}
}

// twoPlaces registers 1003 at two places.
func twoPlaces(t *testing.T) (*rig, *far, *far) {
	r := newRig(t, 1, 0)
	first, second := r.natted(addr1003, 7), r.natted(addr1003b, 8)
	r.login(addr1003, "a", "<sip:1003@10.0.0.3>")
	r.login(addr1003b, "b", "<sip:1003@10.0.0.4>")
	first.script, second.script = []int{180}, []int{180}
	return r, first, second
}

// An extension rings at all its places and the first answer wins; the others
// learn that the call was completed elsewhere (RFC 3326 §3.1), so that they show
// no missed call.
func TestForkFirstAnswerWins(t *testing.T) {
	for _, winner := range []int{0, 1} {
		t.Run(fmt.Sprint(winner), func(t *testing.T) {
			r, first, second := twoPlaces(t)
			won, lost := second, first
			if winner == 1 {
				won, lost = first, second
			}
			a := r.fromBorder(seam.Call{Called: "1003", Caller: msisdn2001})
			r.run(time.Second)
			r.wantLog(first, "incoming")
			r.wantLog(second, "incoming")
			if len(r.leased) != 2 {
				t.Errorf("%d endpoints for a call of two", len(r.leased))
			}
			r.do(won, won.last, leg.Answer{Media: &won.media})
			r.run(time.Second)
			r.wantLog(won, "incoming", "acked")
			if got := lost.log[len(lost.log)-1]; !strings.HasPrefix(got, "ended remote 487") {
				t.Errorf("the other is told %s", got)
			}
			if m := fmt.Sprint(lost.ended.Message); !strings.Contains(m, `SIP;cause=200;text="Call completed elsewhere"`) {
				t.Errorf("without its reason: %s", m)
			}
			r.wantCommands("configure 2 "+won.addr.Addr().String()+":20000 0", "configure 1 192.0.2.1:20000 0", "join 1 2")
			r.do(r.border, a, hangUp)
			r.run(time.Second)
			if won.ended == nil {
				t.Error("the call was not ended at the winner")
			}
			r.settle()
		})
	}
}

func TestForkFailures(t *testing.T) {
	refuse := func(status int) leg.HangUp { return leg.HangUp{Cause: cause.Cause{Status: status}} }
	for _, c := range []struct {
		first, second int // in the order in which they refuse
		want          string
		after         bool // the second is still asked
	}{
		{486, 480, "486", true},
		{480, 486, "486", true},
		{404, 408, "404", true},
		{500, 486, "486", true},
		{603, 0, "486", false}, // a decline is for all of them
	} {
		for _, turned := range []bool{false, true} {
			t.Run(fmt.Sprint(c.first, c.second, turned), func(t *testing.T) {
				r, first, second := twoPlaces(t)
				if turned {
					first, second = second, first
				}
				r.fromBorder(seam.Call{Called: "1003", Caller: msisdn2001})
				r.run(time.Second)
				r.do(first, first.last, refuse(c.first))
				r.run(time.Second)
				if (r.border.ended == nil) != c.after {
					t.Fatalf("after the first: %v", r.border.log)
				}
				if c.after {
					r.do(second, second.last, refuse(c.second))
					r.run(time.Second)
				}
				if r.border.ended == nil || !strings.HasPrefix(r.border.ended.Cause.String(), "remote "+c.want) || second.ended == nil {
					t.Errorf("told %v, %v", r.border.log, second.log)
				}
				r.settle()
			})
		}
	}
}

// The caller gives up: all places are cancelled. One refuses and another
// answers: the call stands.
func TestForkEnds(t *testing.T) {
	r, first, second := twoPlaces(t)
	a := r.fromBorder(seam.Call{Called: "1003", Caller: msisdn2001})
	r.run(time.Second)
	r.do(r.border, a, hangUp)
	r.run(time.Second)
	for _, f := range []*far{first, second} {
		if f.ended == nil {
			t.Errorf("%s still rings", f.addr)
		}
	}
	r.settle()

	r, first, second = twoPlaces(t)
	second.script = []int{486}
	first.script = []int{180, 200}
	a = r.fromBorder(seam.Call{Called: "1003", Caller: msisdn2001})
	r.run(time.Second)
	r.wantLog(r.border, "180 media=false", "answered")
	r.do(r.border, a, hangUp)
	r.settle()

	// Both answer at once: one is the call, the other gets ACK and BYE.
	r, first, second = twoPlaces(t)
	first.script, second.script = []int{200}, []int{200}
	a = r.fromBorder(seam.Call{Called: "1003", Caller: msisdn2001})
	r.run(time.Second)
	r.wantLog(r.border, "answered")
	ended := 0
	for _, f := range []*far{first, second} {
		if f.ended != nil {
			ended++
		}
	}
	if ended != 1 {
		t.Errorf("%d of two answers ended\n%s", ended, strings.Join(r.trace, "\n"))
	}
	r.do(r.border, a, hangUp)
	r.settle()

	// Nobody answers in time.
	r, first, second = twoPlaces(t)
	r.fromBorder(seam.Call{Called: "1003", Caller: msisdn2001})
	r.run(4 * time.Minute)
	if first.ended == nil || second.ended == nil || r.border.ended == nil {
		t.Error("rings for ever")
	}
	r.settle()
}

// SPEC R60b: EMERGENCY_DESK early, then 403, whatever is busy.
func TestEmergencyAtPhone(t *testing.T) {
	r := newRig(t, 1, 0)
	r.fromPhone(r.p1, "119")
	r.run(time.Second)
	r.wantLog(r.p1, "183 media=true", `ended remote 403 q850=21 "emergency: dial from a mobile, without the service"`)
	if got := r.commands(); len(got) != 3 || got[0] != "configure 1 198.51.100.11:20000 0" || got[1] != "play 1 [emergency_desk] 0" || got[2] != "release 1" {
		t.Errorf("%v", got)
	}
	r.settle()

	t.Run("no ports", func(t *testing.T) {
		r := newRig(t, 1, 0)
		r.free = 0
		r.fromPhone(r.p1, "119")
		r.run(time.Second)
		r.wantLog(r.p1, `ended remote 403 q850=21 "emergency: dial from a mobile, without the service"`)
		r.settle()
	})
	t.Run("the caller hangs up", func(t *testing.T) {
		r := newRig(t, 1, 0)
		r.mute = true
		a := r.fromPhone(r.p1, "119")
		r.run(time.Second)
		r.do(r.p1, a, hangUp)
		r.settle()
		if len(r.records) != 1 {
			t.Errorf("%d records", len(r.records))
		}
	})
	t.Run("its end is never reported", func(t *testing.T) {
		r := newRig(t, 1, 0)
		r.mute = true
		r.fromPhone(r.p1, "119")
		r.run(29 * time.Second)
		r.wantLog(r.p1, "183 media=true")
		r.run(2 * time.Second)
		r.wantLog(r.p1, "183 media=true", `ended remote 403 q850=21 "emergency: dial from a mobile, without the service"`)
		r.settle()
	})
}

// An operator reads of phones that come and go, and of guesses.
func TestRegistrationNotes(t *testing.T) {
	r := newRig(t, 1, 0)
	r.login(addr1003, "a", "<sip:1003@10.0.0.3>")
	if !slices.Contains(r.trace, "note phone registration changed") {
		t.Errorf("%v", r.trace)
	}
	if at := r.app.Deadline(); !at.Equal(r.now.Add(time.Hour)) {
		t.Errorf("deadline %v", at)
	}
	r.trace = nil
	r.run(2 * time.Hour)
	if !slices.Contains(r.trace, "note phone registration changed") || !r.app.Deadline().IsZero() {
		t.Errorf("%v", r.trace)
	}
}

// Where no phone has a password, REGISTER is refused as any method is.
func TestNoRegistrar(t *testing.T) {
	tenants := testTenants()
	tenants[0].Phones[2] = Phone{Extension: "1003"}
	c := New(Config{Source: rand.New(rand.NewPCG(1, 1)), Tenants: tenants, Seam: []flow.Flow{{Remote: addrBorder}}})
	if c.Services() != nil {
		t.Error("REGISTER is served")
	}
}
