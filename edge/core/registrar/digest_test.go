package registrar

import (
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// The example of RFC 7616 §3.9.1, by both algorithms.
func TestDigestOfRFC7616(t *testing.T) {
	s := NewSecret("Mufasa", "http-auth@example.org", "Circle of Life")
	c := credentials{
		nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", uri: "/dir/index.html",
		nc: "00000001", cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
	}
	for a, want := range map[Algorithm]string{
		MD5:    "8ca523f5e9506fed4657c9700eebdbec",
		SHA256: "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
	} {
		if got := c.digest(a, s.ha1[a], "GET"); got != want {
			t.Errorf("%s: %s, want %s", a, got, want)
		}
	}
}

// SHA-256 is offered first, MD5 second, both for auth (RFC 8760), and each
// challenge has a nonce of its own.
func TestChallenge(t *testing.T) {
	r := newRig(t, config())
	got := r.send(register{})
	v := valuesOf(got, "WWW-Authenticate")
	form := regexp.MustCompile(`^Digest realm="t1\.example", nonce="[\w-]{43}", algorithm=(SHA-256|MD5), qop="auth"$`)
	if got.Status != 401 || len(v) != 2 || !form.MatchString(v[0]) || !form.MatchString(v[1]) ||
		!strings.Contains(v[0], "SHA-256") || !strings.Contains(v[1], "MD5") {
		t.Fatalf("%d %q", got.Status, v)
	}
	if again := valuesOf(r.send(register{}), "WWW-Authenticate"); again[0] == v[0] {
		t.Error("a nonce was given twice")
	}
	if len(r.g.suspects.of) != 0 || len(r.g.flows) != 0 || len(r.g.accounts[0].ledger.used) != 0 {
		t.Error("something is kept of a REGISTER without credentials")
	}
}

func TestAuthentication(t *testing.T) {
	right := who{user: "1001", password: password}
	edit := func(old, new string) func(string) string {
		return func(s string) string {
			if !strings.Contains(s, old) {
				panic("no " + old + " in " + s)
			}
			return strings.Replace(s, old, new, 1)
		}
	}
	cases := []struct {
		name   string
		who    who
		m      register
		edit   func(string) string
		wait   time.Duration
		status int
		stale  bool
		failed bool // counted against the source
	}{
		{name: "SHA-256", who: right, status: 200},
		{name: "MD5", who: who{user: "1001", password: password, algorithm: "MD5"}, status: 200},
		{name: "algorithm left out means MD5", who: who{user: "1001", password: password, algorithm: "MD5"}, edit: edit(", algorithm=MD5", ""), status: 200},
		{name: "wrong password", who: who{user: "1001", password: "guess"}, status: 401, failed: true},
		{name: "empty password of a phone without one", who: who{user: "1003"}, m: register{to: "1003@" + realm}, status: 401, failed: true},
		{name: "nobody", who: who{user: "1999", password: password}, m: register{to: "1999@" + realm}, status: 401, failed: true},
		// "If the authenticated user is not authorized to modify bindings, the
		// registrar MUST return a 403 (Forbidden)" (RFC 3261 §10.3).
		{name: "another's account", who: right, m: register{to: "1002@" + realm}, status: 403},
		{name: "another Request-URI", who: who{user: "1001", password: password, uri: "sip:other.example"}, status: 401, failed: true},
		{name: "the Request-URI in other letters", who: who{user: "1001", password: password, uri: "SIP:T1.EXAMPLE"}, status: 200},
		{name: "expired", who: right, wait: nonceLife, status: 401, stale: true},
		{name: "on the last moment", who: right, wait: nonceLife - 1, status: 200},
		{name: "expired and wrong", who: who{user: "1001", password: "guess"}, wait: nonceLife, status: 401, failed: true},
		{name: "the clock was set back", who: right, wait: -time.Second, status: 401, stale: true},
		{name: "from another address", who: right, m: register{from: "198.51.100.99:5060"}, status: 401, stale: true},
		{name: "from another port", who: right, m: register{from: "198.51.100.11:33000"}, status: 200},
		{name: "without qop", who: right, edit: edit("qop=auth", "x=y"), status: 401, failed: true},
		{name: "qop=auth-int", who: right, edit: edit("qop=auth", "qop=auth-int"), status: 401, failed: true},
		{name: "nc of nought", who: right, edit: edit("nc=00000001", "nc=00000000"), status: 401, failed: true},
		{name: "nc is changed", who: right, edit: edit("nc=00000001", "nc=00000002"), status: 401, failed: true},
		// The nonce of the SHA-256 challenge does not count for MD5: a relay
		// that strips the better challenge gets nowhere by renaming it.
		{name: "algorithm renamed", who: right, edit: edit("algorithm=SHA-256", "algorithm=MD5"), status: 401, failed: true},
		{name: "algorithm unknown", who: right, edit: edit("algorithm=SHA-256", "algorithm=SHA-512-256"), status: 401},
		{name: "session variant", who: right, edit: edit("algorithm=SHA-256", "algorithm=SHA-256-sess"), status: 401},
		{name: "nonce of nobody", who: right, edit: edit(`nonce="`, `nonce="A`), status: 401, failed: true},
		{name: "another realm", who: right, edit: edit(`realm="t1.example"`, `realm="t2.example"`), status: 401},
		{name: "a parameter twice", who: right, edit: edit("nc=", "nc=00000009, nc="), status: 401},
		{name: "Basic", who: right, edit: edit("Digest ", "Basic "), status: 401},
		{name: "quote left open", who: right, edit: edit(`username="1001"`, `username="1001`), status: 401},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, config())
			challenge := r.send(register{to: c.m.to})
			m := c.m
			m.auth = r.answer(challenge, c.who)
			if c.edit != nil {
				m.auth = c.edit(m.auth)
			}
			m.contacts = []string{"<sip:1001@10.0.0.1:5060>"}
			r.now = r.now.Add(c.wait)
			got := r.send(m)
			if got.Status != c.status || isStale(got) != c.stale {
				t.Fatalf("%+v for %s", got, m.auth)
			}
			if failed := len(r.g.suspects.of) != 0; failed != c.failed {
				t.Errorf("counted as a failure: %v", failed)
			}
			if bound := r.where(0) != ""; bound != (c.status == 200) {
				t.Errorf("bound: %v", bound)
			}
		})
	}
}

// A recorded REGISTER is worth nothing: RFC 7616 §3.4 lets the server "detect
// request replays by maintaining its own copy of this count".
func TestReplay(t *testing.T) {
	r := newRig(t, config())
	m := register{contacts: []string{"<sip:1001@10.0.0.1>"}}
	challenge := r.send(m)
	m.auth = r.answer(challenge, who{user: "1001", password: password, nc: 2})
	if got := r.send(m); got.Status != 200 {
		t.Fatalf("%+v", got)
	}
	for name, nc := range map[string]int{"the same again": 2, "a lower count": 1} {
		m.auth = r.answer(challenge, who{user: "1001", password: password, nc: nc})
		if got := r.send(m); !isStale(got) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	m.auth = r.answer(challenge, who{user: "1001", password: password, nc: 9})
	if got := r.send(m); got.Status != 200 {
		t.Errorf("a higher count: %+v", got)
	}
	if len(r.g.suspects.of) != 0 {
		t.Error("a replay was counted as a guess")
	}
}

// However many nonces an account uses, what is kept is bounded, and a nonce that
// had to be forgotten cannot be replayed.
func TestLedgerIsBounded(t *testing.T) {
	r := newRig(t, config())
	m := register{contacts: []string{"<sip:1001@10.0.0.1>"}}
	var old []string
	for range 3 * maxNonces {
		r.now = r.now.Add(time.Millisecond)
		m.auth = r.answer(r.send(m), who{user: "1001", password: password})
		old = append(old, m.auth)
		if got := r.send(m); got.Status != 200 {
			t.Fatalf("%+v", got)
		}
	}
	if got := len(r.g.accounts[0].ledger.used); got != maxNonces {
		t.Errorf("%d nonces are kept", got)
	}
	for i, auth := range old {
		m.auth = auth
		if got := r.send(m); !isStale(got) {
			t.Fatalf("nonce %d of %d was replayed: %+v", i, len(old), got)
		}
	}
}

// Without MD5 on offer an MD5 answer is no answer, right or wrong.
func TestDowngradeShutOut(t *testing.T) {
	both := newRig(t, config())
	md5 := who{user: "1001", password: password, algorithm: "MD5"}
	c := config()
	c.Algorithms = []Algorithm{SHA256}
	r := newRig(t, c)
	challenge := both.send(register{}) // the keys are the same
	if got := r.send(register{auth: both.answer(challenge, md5)}); got.Status != 401 || len(valuesOf(got, "WWW-Authenticate")) != 1 {
		t.Fatalf("%+v", got)
	}
	if got := both.send(register{auth: both.answer(challenge, md5)}); got.Status != 200 {
		t.Fatalf("%+v", got)
	}
}

// No difference between a user that exists and one that does not, with and
// without credentials, nor between domains: code, header names and their shape.
func TestConstantAnswers(t *testing.T) {
	shape := func(a Respond) string {
		nonces := regexp.MustCompile(`nonce="[^"]*"`)
		s := []string{string(rune('0' + a.Status/100))}
		for _, h := range a.Headers {
			s = append(s, nonces.ReplaceAllString(h.String(), "nonce"))
		}
		return strings.ReplaceAll(strings.Join(s, "|"), "elsewhere.example", realm)
	}
	var seen []string
	for _, to := range []string{"1001@" + realm, "1003@" + realm, "1999@" + realm, "root@" + realm, "1001@elsewhere.example"} {
		user, domain, _ := strings.Cut(to, "@")
		r := newRig(t, config())
		bare := r.send(register{to: to})
		guess := register{to: to, contacts: []string{"<sip:x@10.0.0.1>"}}
		guess.auth = r.answer(bare, who{user: user, password: "guess"})
		seen = append(seen, shape(bare)+" "+shape(r.send(guess)))
		if !strings.Contains(valuesOf(bare, "WWW-Authenticate")[0], domain) {
			t.Errorf("%s is challenged in another realm", to)
		}
	}
	if different := slices.Compact(seen); len(different) != 1 {
		t.Errorf("answers differ:\n%s", strings.Join(different, "\n"))
	}
}

// The work for a wrong password and for a user that does not exist is the same:
// the shortest of interleaved rounds are close. The bound is wide and the rounds
// are many, since the machine is shared; without the hashes nothing is left of
// it, however often it is tried.
func TestConstantWork(t *testing.T) {
	c := config()
	c.Ban.Failures = 1 << 30
	r := newRig(t, c)
	guess := func(user string) Register {
		m := register{to: user + "@" + realm}
		m.auth = r.answer(r.send(m), who{user: user, password: "guess"})
		return r.message(m)
	}
	known, unknown := guess("1001"), guess("1999")
	var guesses [2]credentials
	for i, in := range []Register{known, unknown} {
		guesses[i], _, _ = r.g.answered(in.Request, realm)
	}
	best := [2]time.Duration{math.MaxInt64, math.MaxInt64}
	ratio := 0.0
	for round := range 2000 {
		for i, in := range []Register{known, unknown} {
			begun := time.Now()
			for range 50 {
				r.g.right(&guesses[i], SHA256, in.Request)
			}
			best[i] = min(best[i], time.Since(begun))
		}
		ratio = float64(best[0]) / float64(best[1])
		if round >= 100 && 0.8 < ratio && ratio < 1.25 {
			return
		}
	}
	t.Errorf("a user that exists takes %.2f of the time of one that does not", ratio)
}

func TestParseCredentialsNeverPanics(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	good := `Digest username="1001", realm="t1.example", nonce="n", uri="sip:t1.example", response="r", nc=00000001, cnonce="c\"d", qop=auth`
	if c, ok := parse(good); !ok || c.cnonce != `c"d` || c.qop != "auth" || c.nc != "00000001" {
		t.Fatalf("%+v %v", c, ok)
	}
	for range 50_000 {
		b := []byte(good)
		for range 1 + rng.IntN(4) {
			b[rng.IntN(len(b))] = ` ",=\x`[rng.IntN(6)]
		}
		parse(string(b[:rng.IntN(len(b)+1)]))
	}
}
