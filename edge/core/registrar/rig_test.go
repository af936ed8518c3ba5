package registrar

import (
	"crypto/md5"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/header"
)

const (
	realm    = "t1.example"
	password = "correct horse"
)

var start = time.Unix(1_700_000_000, 0)

func config() Config {
	return Config{
		Source: rand.New(rand.NewPCG(1, 1)), Key: [32]byte{1, 2, 3},
		Accounts: []Account{
			{Domain: realm, User: "1001", Secret: NewSecret("1001", realm, password)},
			{Domain: realm, User: "1002", Secret: NewSecret("1002", realm, "another")},
			{Domain: realm, User: "1003"}, // has no password
		},
	}
}

// rig is a registrar with a clock.
type rig struct {
	t   *testing.T
	now time.Time
	g   *Registrar
	seq int
	// moved and banned are what was said of beside the answers.
	moved  []Moved
	banned []Banned
}

func newRig(t *testing.T, c Config) *rig { return &rig{t: t, now: start, g: New(c)} }

// register is one REGISTER, as a phone writes it.
type register struct {
	from     string // source; default 198.51.100.11:5060
	to       string // address-of-record; default 1001@t1.example
	callID   string
	seq      int // 0 is the next
	contacts []string
	expires  string
	auth     string // an Authorization value
}

func (r *rig) message(m register) Register {
	r.t.Helper()
	if m.from == "" {
		m.from = "198.51.100.11:5060"
	}
	if m.to == "" {
		m.to = "1001@" + realm
	}
	if m.callID == "" {
		m.callID = "phone"
	}
	if m.seq == 0 {
		r.seq++
		m.seq = r.seq
	}
	var b strings.Builder
	fmt.Fprintf(&b, "REGISTER sip:%s SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1:5060;rport;branch=z9hG4bK%d\r\nMax-Forwards: 70\r\n", realm, m.seq)
	fmt.Fprintf(&b, "From: <sip:%s>;tag=f\r\nTo: <sip:%s>\r\nCall-ID: %s\r\nCSeq: %d REGISTER\r\n", m.to, m.to, m.callID, m.seq)
	for _, c := range m.contacts {
		fmt.Fprintf(&b, "Contact: %s\r\n", c)
	}
	if m.expires != "" {
		fmt.Fprintf(&b, "Expires: %s\r\n", m.expires)
	}
	if m.auth != "" {
		fmt.Fprintf(&b, "Authorization: %s\r\n", m.auth)
	}
	parsed, err := header.Parse(header.NewGuard(header.Limits{}), []byte(b.String()+"Content-Length: 0\r\n\r\n"))
	if err != nil {
		r.t.Fatalf("%v in\n%s", err, b.String())
	}
	return Register{Flow: flow.Flow{Listener: 1, Remote: netip.MustParseAddrPort(m.from)}, Request: parsed.(*sip.Request)}
}

// send gives a REGISTER to the registrar as a core does; Status 0 is silence.
func (r *rig) send(m register) Respond {
	r.t.Helper()
	in := r.message(m)
	v := r.g.Screen(r.now, in)
	if !v.Passed {
		return v.Answer
	}
	acts := r.g.Handle(r.now, in, nil)
	for _, a := range acts[1:] {
		switch a := a.(type) {
		case Moved:
			r.moved = append(r.moved, a)
		case Banned:
			r.banned = append(r.banned, a)
		case Respond:
			r.t.Fatal("answered twice")
		}
	}
	return acts[0].(Respond)
}

// who answers a challenge.
type who struct {
	user, password string
	algorithm      string // default SHA-256
	nc             int    // default 1
	uri            string // default the Request-URI
}

// answer computes an Authorization for a challenge, step by step as RFC 7616
// §3.4.1 to §3.4.3 write it.
func (r *rig) answer(challenge Respond, w who) string {
	r.t.Helper()
	if w.algorithm == "" {
		w.algorithm = "SHA-256"
	}
	if w.uri == "" {
		w.uri = "sip:" + realm
	}
	h := func(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s))) }
	if w.algorithm == "MD5" {
		h = func(s string) string { return fmt.Sprintf("%x", md5.Sum([]byte(s))) }
	}
	for _, v := range valuesOf(challenge, "WWW-Authenticate") {
		if !strings.Contains(v, "algorithm="+w.algorithm+",") {
			continue
		}
		parts := strings.Split(v, `"`) // Digest realm= " realm " , nonce= " nonce "
		domain, nonce := parts[1], parts[3]
		nc, cnonce := fmt.Sprintf("%08x", max(w.nc, 1)), "0a4f113b"
		a1, a2 := w.user+":"+domain+":"+w.password, "REGISTER:"+w.uri
		response := h(h(a1) + ":" + nonce + ":" + nc + ":" + cnonce + ":auth:" + h(a2))
		return fmt.Sprintf(`Digest username="%s", realm="%s", nonce="%s", uri="%s", response="%s", algorithm=%s, cnonce="%s", qop=auth, nc=%s`,
			w.user, domain, nonce, w.uri, response, w.algorithm, cnonce, nc)
	}
	r.t.Fatalf("no challenge for %s in %+v", w.algorithm, challenge)
	return ""
}

// login sends m, and again with the right answer.
func (r *rig) login(m register) Respond {
	r.t.Helper()
	w := who{user: "1001", password: password}
	if strings.HasPrefix(m.to, "1002") {
		w = who{user: "1002", password: "another"}
	}
	m.auth = r.answer(r.send(m), w)
	if m.seq != 0 {
		m.seq++
	}
	return r.send(m)
}

func valuesOf(a Respond, name string) []string {
	var list []string
	for _, h := range a.Headers {
		if h.Name() == name {
			list = append(list, h.Value())
		}
	}
	return list
}

// where lists an account's contacts.
func (r *rig) where(id AccountID) string {
	var list []string
	for _, b := range r.g.Bindings(r.now, id) {
		list = append(list, fmt.Sprintf("%s %s %d", b.Contact, b.Flow.Remote, b.Expires.Sub(r.now)/time.Second))
	}
	return strings.Join(list, ", ")
}

func isStale(a Respond) bool {
	v := valuesOf(a, "WWW-Authenticate")
	return a.Status == 401 && len(v) > 0 && strings.Contains(v[0], "stale=true")
}
