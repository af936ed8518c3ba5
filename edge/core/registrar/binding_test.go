package registrar

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// step is one authenticated REGISTER and what the account has afterwards.
type step struct {
	m       register
	wait    time.Duration // before it
	status  int
	answer  string // a header of the response
	contact string // where the account is: contact, flow and seconds, latest first
}

func TestBindings(t *testing.T) {
	const a, b = "<sip:1001@10.0.0.1>", "<sip:1001@10.0.0.2:5062;transport=udp>"
	const other = "198.51.100.12:5060"
	atA, atB := "sip:1001@10.0.0.1 198.51.100.11:5060 ", "sip:1001@10.0.0.2:5062;transport=udp 198.51.100.12:5060 "
	cases := map[string][]step{
		"default expiry":          {{m: register{contacts: []string{a}}, status: 200, answer: "Contact: <sip:1001@10.0.0.1>;expires=3600", contact: atA + "3600"}},
		"Expires header":          {{m: register{contacts: []string{a}, expires: "300"}, status: 200, contact: atA + "300"}},
		"parameter before header": {{m: register{contacts: []string{a + ";expires=120"}, expires: "300"}, status: 200, contact: atA + "120"}},
		"cut to the maximum":      {{m: register{contacts: []string{a}, expires: "4294967295"}, status: 200, contact: atA + "3600"}},
		"malformed is the default": {{m: register{contacts: []string{a + ";expires=soon"}}, status: 200,
			contact: atA + "3600"}},
		// "a registrar … that rejects … with a 423 (Interval Too Brief) … MUST
		// include a Min-Expires header field" (RFC 3261 §10.3).
		"too brief":       {{m: register{contacts: []string{a}, expires: "59"}, status: 423, answer: "Min-Expires: 60"}},
		"as brief as may": {{m: register{contacts: []string{a}, expires: "60"}, status: 200, contact: atA + "60"}},
		"expires":         {{m: register{contacts: []string{a}, expires: "60"}, status: 200, contact: atA + "60"}, {wait: time.Minute, m: register{}, status: 200}},
		"query":           {{m: register{contacts: []string{a}, expires: "60"}, status: 200, contact: atA + "60"}, {wait: time.Second, m: register{}, status: 200, answer: "Contact: <sip:1001@10.0.0.1>;expires=59", contact: atA + "59"}},
		"removed":         {{m: register{contacts: []string{a}}, status: 200, contact: atA + "3600"}, {m: register{contacts: []string{a}, expires: "0"}, status: 200}},
		"several phones": {
			{m: register{contacts: []string{a}}, status: 200, contact: atA + "3600"},
			{m: register{contacts: []string{b}, callID: "second", from: other}, status: 200, contact: atB + "3600, " + atA + "3600"},
			{m: register{contacts: []string{a}, expires: "100"}, status: 200, contact: atA + "100, " + atB + "3600"},
			{m: register{contacts: []string{b + ";expires=0"}, callID: "second", from: other}, status: 200, contact: atA + "100"},
		},
		"two contacts at once": {{m: register{contacts: []string{a + ", <sip:1001@10.0.0.9>;q=0.5"}}, status: 200,
			contact: "sip:1001@10.0.0.9 198.51.100.11:5060 3600, " + atA + "3600"}},
		"wildcard": {
			{m: register{contacts: []string{a}}, status: 200, contact: atA + "3600"},
			{m: register{contacts: []string{b}, callID: "second", from: other}, status: 200, contact: atB + "3600, " + atA + "3600"},
			{m: register{contacts: []string{"*"}, expires: "0"}, status: 200},
		},
		// "it MUST NOT be used unless the Expires header field is present with a
		// value of '0'" (§10.2.2).
		"wildcard with time":    {{m: register{contacts: []string{a}}, status: 200, contact: atA + "3600"}, {m: register{contacts: []string{"*"}, expires: "60"}, status: 400, contact: atA + "3600"}},
		"wildcard without time": {{m: register{contacts: []string{"*"}}, status: 400}},
		"wildcard and another":  {{m: register{contacts: []string{"*", a}, expires: "0"}, status: 400}},
		// "If the Call-ID … [is the same, it] compares the CSeq value … If not …
		// the update MUST be aborted and the request fails" (§10.3 step 7).
		"out of order": {
			{m: register{contacts: []string{a}, seq: 10}, status: 200, contact: atA + "3600"},
			{m: register{contacts: []string{a}, seq: 5, expires: "60"}, status: 500, contact: atA + "3600"},
			{m: register{contacts: []string{a}, seq: 5, expires: "0"}, status: 500, contact: atA + "3600"},
			{m: register{contacts: []string{"*"}, seq: 5, expires: "0"}, status: 500, contact: atA + "3600"},
			{m: register{contacts: []string{a}, seq: 5, expires: "60", callID: "restarted"}, status: 200, contact: atA + "60"},
		},
		"moved behind its NAT": {
			{m: register{contacts: []string{a}}, status: 200, contact: atA + "3600"},
			{m: register{contacts: []string{a}, from: "198.51.100.11:40000"}, status: 200, contact: "sip:1001@10.0.0.1 198.51.100.11:40000 3600"},
		},
		"restarted under another name": {
			{m: register{contacts: []string{a}}, status: 200, contact: atA + "3600"},
			{m: register{contacts: []string{"<sip:x77@10.0.0.1>"}, callID: "restarted"}, status: 200, contact: "sip:x77@10.0.0.1 198.51.100.11:5060 3600"},
		},
		"the same URI in other letters": {
			{m: register{contacts: []string{"<sip:1001@Phone.Example;transport=udp;ob>"}}, status: 200, contact: "sip:1001@Phone.Example;transport=udp;ob 198.51.100.11:5060 3600"},
			{m: register{contacts: []string{"<sip:1001@phone.example;transport=UDP>"}, expires: "60"}, status: 200, contact: "sip:1001@phone.example;transport=UDP 198.51.100.11:5060 60"},
		},
		"transport tells contacts apart": {
			{m: register{contacts: []string{a, "<sip:1001@10.0.0.1;transport=udp>"}}, status: 200, contact: "sip:1001@10.0.0.1;transport=udp 198.51.100.11:5060 3600, " + atA + "3600"},
		},
		// "If any … fails, all changes are undone" in effect (§10.3 step 8).
		"all or nothing": {{m: register{contacts: []string{a, "<sip:1001@10.0.0.9>;expires=5"}}, status: 423}},
		"no sip":         {{m: register{contacts: []string{"<tel:+12025550123>"}}, status: 400}},
		"with headers":   {{m: register{contacts: []string{"<sip:1001@10.0.0.1?Route=x>"}}, status: 400}},
	}
	for name, steps := range cases {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, config())
			for i, s := range steps {
				r.now = r.now.Add(s.wait)
				got := r.login(s.m)
				if got.Status != s.status || r.where(0) != s.contact {
					t.Fatalf("step %d: %+v\n%s\nwant %d\n%s", i, got, r.where(0), s.status, s.contact)
				}
				if s.answer != "" {
					found := false
					for _, h := range got.Headers {
						found = found || h.Name()+": "+h.Value() == s.answer
					}
					if !found {
						t.Errorf("step %d: no %q in %v", i, s.answer, got.Headers)
					}
				}
			}
		})
	}
}

// Contacts are bounded: of nine, the one refreshed longest ago is forgotten.
func TestContactsAreBounded(t *testing.T) {
	r := newRig(t, config())
	for i := range maxContacts + 1 {
		r.login(register{from: fmt.Sprintf("198.51.100.11:%d", 5060+i), callID: fmt.Sprint("phone", i), contacts: []string{fmt.Sprintf("<sip:1001@10.0.0.%d>", i)}})
	}
	if got := r.g.Bindings(r.now, 0); len(got) != maxContacts || strings.Contains(r.where(0), "10.0.0.0 ") || len(r.g.flows) != maxContacts {
		t.Errorf("%s", r.where(0))
	}
}

// What expires is forgotten at its Deadline, and said.
func TestLapse(t *testing.T) {
	r := newRig(t, config())
	r.login(register{contacts: []string{"<sip:1001@10.0.0.1>"}, expires: "60"})
	r.login(register{contacts: []string{"<sip:1001@10.0.0.2>"}, expires: "90", from: "198.51.100.12:5060", callID: "second"})
	if fmt.Sprint(r.moved) != "[{0 1} {0 2}]" || !r.g.Deadline().Equal(start.Add(60*time.Second)) {
		t.Fatalf("%v %v", r.moved, r.g.Deadline())
	}
	var acts []Action
	for range 2 {
		r.now = r.g.Deadline()
		acts = r.g.Handle(r.now, Timeout{}, acts)
	}
	if fmt.Sprint(acts) != "[{0 1} {0 0}]" || !r.g.Deadline().IsZero() || len(r.g.flows) != 0 {
		t.Fatalf("%v, next %v, %v", acts, r.g.Deadline(), r.g.flows)
	}
}

// Two accounts may share a flow: a desk phone with two lines.
func TestTwoAccountsOnOneFlow(t *testing.T) {
	r := newRig(t, config())
	r.login(register{to: "1002@" + realm, contacts: []string{"<sip:1002@10.0.0.1>"}, callID: "b"})
	r.login(register{contacts: []string{"<sip:1001@10.0.0.1>"}})
	f := r.g.Bindings(r.now, 0)[0].Flow
	if got := fmt.Sprint(r.g.At(f)); got != "[0 1]" {
		t.Fatal(got)
	}
	r.login(register{contacts: []string{"*"}, expires: "0"})
	if got := fmt.Sprint(r.g.At(f)); got != "[1]" {
		t.Fatal(got)
	}
}

// A phone that knows only our address means the one domain there is.
func TestAddressForDomain(t *testing.T) {
	for _, to := range []string{"1001@192.0.2.2", "1001@192.0.2.2:5080", "1001@[2001:db8::2]"} {
		r := newRig(t, config())
		if got := r.login(register{to: to, contacts: []string{"<sip:1001@10.0.0.1>"}}); got.Status != 200 {
			t.Errorf("%s: %+v", to, got)
		}
	}
}

func TestBan(t *testing.T) {
	r := newRig(t, config())
	const attacker = "198.51.100.66:5060"
	guess := func(from string) int {
		m := register{from: from}
		challenge := r.send(m)
		if challenge.Status == 0 {
			return 0
		}
		m.auth = r.answer(challenge, who{user: "1001", password: "guess"})
		return r.send(m).Status
	}
	// A phone behind the same NAT as the attacker.
	if r.login(register{from: "198.51.100.66:40000", contacts: []string{"<sip:1001@10.0.0.1>"}}).Status != 200 {
		t.Fatal("not registered")
	}
	for i := range 10 {
		if got := guess(attacker); got != 401 {
			t.Fatalf("guess %d: %d", i, got)
		}
	}
	if len(r.banned) != 1 || r.banned[0].Source.String() != "198.51.100.66" {
		t.Fatalf("banned %v", r.banned)
	}
	if c := r.g.Counts(); c != (Counts{Bindings: 1, Challenges: 21, Failures: 10, Bans: 1}) {
		t.Errorf("counted %+v", c)
	}
	if guess(attacker) != 0 || guess("198.51.100.66:7777") != 0 {
		t.Error("a banned source was answered")
	}
	if guess("198.51.100.67:5060") != 401 {
		t.Error("its neighbour is banned too")
	}
	if got := r.login(register{from: "198.51.100.66:40000", contacts: []string{"<sip:1001@10.0.0.1>"}}); got.Status != 200 {
		t.Errorf("the registered phone cannot refresh: %+v", got)
	}
	if got := r.send(register{from: "198.51.100.66:40000", to: "1002@" + realm}); got.Status != 0 {
		t.Errorf("its flow may ask for another account: %+v", got)
	}
	m := register{from: "198.51.100.66:40000"}
	m.auth = r.answer(r.send(m), who{user: "1002", password: "guess"})
	if got := r.send(m); got.Status != 0 {
		t.Errorf("its flow may guess another account's password: %+v", got)
	}
	r.now = r.now.Add(10 * time.Minute)
	if guess(attacker) != 401 {
		t.Error("the ban never ends")
	}
	// Failures that lie apart are a user's mistakes.
	r.now = r.now.Add(time.Hour)
	for range 50 {
		r.now = r.now.Add(time.Minute)
		if guess("198.51.100.68:5060") != 401 {
			t.Fatal("banned for few failures")
		}
	}
}

// A guess with a stale nonce counts as well: it never reaches Handle.
func TestBanForStaleGuesses(t *testing.T) {
	r := newRig(t, config())
	m := register{}
	m.auth = r.answer(r.send(m), who{user: "1001", password: "guess"})
	r.now = r.now.Add(nonceLife)
	for range 10 {
		if got := r.send(m); got.Status != 401 || isStale(got) {
			t.Fatalf("%+v", got)
		}
	}
	if got := r.send(m); got.Status != 0 {
		t.Fatalf("%+v", got)
	}
}

func TestSuspectsAreBounded(t *testing.T) {
	r := newRig(t, config())
	for i := range maxSuspects + 10 {
		a := fmt.Sprintf("[2001:db8:%x:%x::%x]:5060", i/256, i%256, i)
		r.send(register{from: a, auth: `Digest username="1001", realm="t1.example", nonce="x", uri="sip:t1.example", response="00", algorithm=SHA-256`})
	}
	if len(r.g.suspects.of) != maxSuspects || len(r.g.suspects.order) != maxSuspects {
		t.Errorf("%d, %d", len(r.g.suspects.of), len(r.g.suspects.order))
	}
}

// The whole state survives a restart, at another time and in other memory.
func TestSnapshot(t *testing.T) {
	c := config()
	c.Ban.Failures = 2
	r := newRig(t, c)
	m := register{contacts: []string{"<sip:1001@10.0.0.1>"}}
	recorded := r.answer(r.send(m), who{user: "1001", password: password})
	m.auth = recorded
	r.send(m)
	r.login(register{contacts: []string{"<sip:1001@10.0.0.2>"}, from: "198.51.100.12:5060", callID: "second", expires: "90"})
	for range 2 {
		g := register{from: "198.51.100.66:5060"}
		g.auth = r.answer(r.send(g), who{user: "1001", password: "guess"})
		r.send(g)
	}
	r.g.accounts[1].ledger.floor = start
	encode := func(s Snapshot) []byte {
		var b bytes.Buffer
		if err := gob.NewEncoder(&b).Encode(s); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	file := encode(r.g.Snapshot(r.now))
	var s Snapshot
	if err := gob.NewDecoder(bytes.NewReader(file)).Decode(&s); err != nil {
		t.Fatal(err)
	}
	r.now = r.now.Add(3 * time.Second)
	r.g = Restore(c, r.now, s)
	if again := r.g.Snapshot(r.now); !bytes.Equal(file, encode(again)) {
		t.Fatalf("something was lost:\n%+v\n%+v", s, again)
	}
	if got := r.where(0); !strings.Contains(got, "10.0.0.2 198.51.100.12:5060 90") || len(r.g.flows) != 2 || r.g.Deadline().IsZero() {
		t.Errorf("%s", got)
	}
	m.auth = recorded
	if got := r.send(m); !isStale(got) {
		t.Errorf("replayed after a restart: %+v", got)
	}
	if got := r.send(register{from: "198.51.100.66:5060"}); !reflect.DeepEqual(got, Respond{}) {
		t.Errorf("the ban is forgotten: %+v", got)
	}
}
