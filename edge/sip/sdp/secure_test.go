package sdp

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"sekisho/media/relay"
	"sekisho/media/srtp"
)

var everySuite = []srtp.Suite{srtp.AES128GCM, srtp.AES256GCM, srtp.AES128CM80, srtp.AES256CM80, srtp.AES128CM32, srtp.AES256CM32}

// secureLeg is leg with a secret and keys.
func secureLeg(addr string, mode Security, suites ...srtp.Suite) *Session {
	if len(suites) == 0 {
		suites = everySuite
	}
	s := leg(addr)
	s.Secure, s.Local.Secret = Secure{Mode: mode, Suites: suites}, Secret{1, 2, 3}
	return s
}

// inlineKey is the base64 of a key of a suite's length that differs with n.
func inlineKey(s srtp.Suite, n byte) string {
	return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{n, 0x33, 0xc5}, 20)[:s.Length()])
}

func secureParse(t testing.TB, s *Session, text string) *Description {
	t.Helper()
	d, err := ParseSecure([]byte(text), s.Secure)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const (
	gcmLine = "a=crypto:1 AEAD_AES_128_GCM inline:"
	cmLine  = "a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:"
)

// cryptos are the a=crypto lines of a description of ours.
func cryptos(text string) []string {
	var lines []string
	for _, l := range strings.Split(text, "\r\n") {
		if strings.HasPrefix(l, "a=crypto:") {
			lines = append(lines, l)
		}
	}
	return lines
}

// What can be done exactly is read however it is written; nothing else is.
func TestCryptoLines(t *testing.T) {
	k, long := inlineKey(srtp.AES128CM80, 1), inlineKey(srtp.AES256CM80, 1)
	for _, c := range []struct {
		line  string
		suite srtp.Suite
	}{
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + k, srtp.AES128CM80},
		{"  1 \t aes_cm_128_hmac_sha1_32  INLINE:" + k + "  ", srtp.AES128CM32},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + k + "|2^31", srtp.AES128CM80},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + k + "|1048576 WSH=128", srtp.AES128CM80},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + k + " -SOMETHING=5 -ELSE", srtp.AES128CM80},
		{"999999999 AES_256_CM_HMAC_SHA1_80 inline:" + strings.TrimRight(long, "="), srtp.AES256CM80},
		{"1 AES_CM_256_HMAC_SHA1_32 inline:" + long, srtp.AES256CM32},
		{"1 AEAD_AES_128_GCM inline:" + inlineKey(srtp.AES128GCM, 1), srtp.AES128GCM},
		{"1 AEAD_AES_256_GCM inline:" + inlineKey(srtp.AES256GCM, 1), srtp.AES256GCM},
		{"", 0}, {"1", 0}, {"1 AES_CM_128_HMAC_SHA1_80", 0}, {"1 AES_CM_128_HMAC_SHA1_80 inline:", 0},
		{"x AES_CM_128_HMAC_SHA1_80 inline:" + k, 0},
		{"-1 AES_CM_128_HMAC_SHA1_80 inline:" + k, 0},
		{"1234567890 AES_CM_128_HMAC_SHA1_80 inline:" + k, 0},
		{"1 F8_128_HMAC_SHA1_80 inline:" + k, 0},
		{"1 NULL_HMAC_SHA1_80 inline:" + k, 0},
		{"1 AES_CM_128_HMAC_SHA1_80 uri:" + k, 0},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + k[4:], 0},                 // short
		{"1 AEAD_AES_128_GCM inline:" + k, 0},                            // two bytes too long
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + strings.Repeat(k, 50), 0}, // far too long
		{"1 AES_CM_128_HMAC_SHA1_80 inline:!" + k[1:], 0},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + k + "|2^20|1:4", 0}, // a master key identifier
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + k + "|1:4", 0},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + k + ";inline:" + k, 0}, // two keys
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + k + "|2^49", 0},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + k + "|2^19", 0},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + k + "|17", 0},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + k + " KDR=1", 0},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + k + " UNENCRYPTED_SRTP", 0},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + k + " UNENCRYPTED_SRTCP", 0},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + k + " UNAUTHENTICATED_SRTP", 0},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + k + " FEC_ORDER=FEC_SRTP", 0},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + k + " WSH=32", 0},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + k + " UNKNOWN", 0},
	} {
		got, ok := parseCrypto(c.line)
		if ok != (c.suite != srtp.Plain) || got.Key.Suite() != c.suite {
			t.Errorf("%q: read %v, as %v", c.line, ok, got.Key.Suite())
		}
	}
	// RFC 4568 §10.1's example has a master key identifier on each line.
	for _, file := range []string{"rfc4568-sdes.offer.sdp", "rfc4568-sdes.answer.sdp"} {
		text, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		if a, _ := parse(t, string(text)).Audio(); !a.Keyed || len(a.Crypto) != 0 {
			t.Errorf("%s: %v", file, a.Crypto)
		}
	}
}

// The lines of one stream are its own, bounded, and each tag counts once.
func TestCryptoOfAStream(t *testing.T) {
	k := inlineKey(srtp.AES128CM80, 1)
	text := "v=0\nc=IN IP4 198.51.100.9\na=crypto:9 AES_CM_128_HMAC_SHA1_80 inline:" + k + "\nm=audio 4000 RTP/SAVP 0\n"
	if a, _ := parse(t, text).Audio(); len(a.Crypto) != 0 || a.Keyed {
		t.Errorf("the session's line is taken for the stream's: %v", a.Crypto)
	}
	many := text + cmLine + k + "\n" + cmLine + inlineKey(srtp.AES128CM80, 2) + "\n"
	for i := range 100 {
		many += fmt.Sprintf("a=crypto:%d AES_CM_128_HMAC_SHA1_80 inline:%s\n", i+10, k)
	}
	a, _ := parse(t, many).Audio()
	if len(a.Crypto) != maxCrypto-1 || base64.StdEncoding.EncodeToString(a.Crypto[0].Key.Material()) != k {
		t.Errorf("%d lines, the first %v", len(a.Crypto), a.Crypto[0])
	}
}

func TestOfferWithKeys(t *testing.T) {
	for _, c := range []struct {
		mode  Security
		proto string
	}{{SecurityOptional, "RTP/AVP"}, {SecurityRequired, "RTP/SAVP"}} {
		s := secureLeg("192.0.2.9:30000", c.mode, srtp.AES128GCM, srtp.AES128CM80)
		text := offer(t, s, both, relay.SendRecv)
		lines := cryptos(text)
		if !strings.Contains(text, "m=audio 30000 "+c.proto+" 0 8 101\r\n") || len(lines) != 2 ||
			!strings.HasPrefix(lines[0], gcmLine) || !strings.HasPrefix(lines[1], cmLine) {
			t.Fatalf("%s", text)
		}
		if strings.TrimPrefix(lines[0], gcmLine)[:20] == strings.TrimPrefix(lines[1], cmLine)[:20] {
			t.Error("two lines have the same key")
		}
		other := secureLeg("192.0.2.9:30000", c.mode)
		other.Local.Secret[31] = 1
		if cryptos(offer(t, other, both, relay.SendRecv))[0] == lines[0] {
			t.Error("two sessions have the same key")
		}
		s.Rollback()
		s.Local.Secret = Secret{}
		_, err := s.Offer(both, relay.SendRecv)
		wantError(t, err, ErrLocal)
	}
	if text := offer(t, secureLeg("192.0.2.9:30000", SecurityOff), both, relay.SendRecv); len(cryptos(text)) != 0 {
		t.Errorf("keys where SRTP is off: %s", text)
	}
}

// What an answer makes of our offer. There is no way back to plain RTP but the
// one that the offer has left open.
func TestAnswerWithKeys(t *testing.T) {
	gcm, cm := inlineKey(srtp.AES128GCM, 7), inlineKey(srtp.AES128CM80, 7)
	savp, avp := "m=audio 4000 RTP/SAVP 0", "m=audio 4000 RTP/AVP 0"
	for _, c := range []struct {
		name   string
		mode   Security
		answer []string
		suite  srtp.Suite
		err    error
	}{
		{"first line", SecurityRequired, []string{savp, gcmLine + gcm}, srtp.AES128GCM, nil},
		{"second line", SecurityRequired, []string{savp, cmLine + cm}, srtp.AES128CM80, nil},
		{"RFC 8643", SecurityOptional, []string{avp, cmLine + cm}, srtp.AES128CM80, nil},
		{"RFC 8643, plain", SecurityOptional, []string{avp}, srtp.Plain, nil},
		{"keys under the other profile", SecurityOptional, []string{savp, gcmLine + gcm}, srtp.AES128GCM, nil},
		{"stripped", SecurityRequired, []string{savp}, 0, ErrSecurity},
		{"stripped and downgraded", SecurityRequired, []string{avp}, 0, ErrSecurity},
		{"SAVP without keys", SecurityOptional, []string{savp}, 0, ErrSecurity},
		{"a tag that we did not offer", SecurityOptional, []string{avp, "a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:" + cm}, 0, ErrSecurity},
		{"another suite under our tag", SecurityOptional, []string{avp, "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + cm}, 0, ErrSecurity},
		{"unauthenticated", SecurityOptional, []string{avp, cmLine + cm + " UNAUTHENTICATED_SRTP"}, 0, ErrSecurity},
		{"two lines", SecurityOptional, []string{avp, gcmLine + gcm, cmLine + cm}, 0, ErrSecurity},
		{"another transport", SecurityOptional, []string{"m=audio 4000 UDP/TLS/RTP/SAVP 0", cmLine + cm}, 0, ErrTransport},
		{"keys to a plain offer", SecurityOff, []string{avp, cmLine + cm}, srtp.Plain, nil},
		{"SAVP to a plain offer", SecurityOff, []string{savp, cmLine + cm}, 0, ErrTransport},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := secureLeg("192.0.2.9:30000", c.mode, srtp.AES128GCM, srtp.AES128CM80)
			text := offer(t, s, both, relay.SendRecv)
			err := s.RemoteAnswer(secureParse(t, s, peerAnswer(c.answer[0], c.answer[1:]...)))
			wantError(t, err, c.err)
			if err != nil {
				want(t, "state", s.State, LocalOffer)
				return
			}
			keys := negotiated(t, s).Keys
			want(t, "in", keys.In.Suite(), c.suite)
			want(t, "out", keys.Out.Suite(), c.suite)
			if c.suite == srtp.Plain {
				return
			}
			if !strings.Contains(text, base64.StdEncoding.EncodeToString(keys.Out.Material())) {
				t.Error("we send under another key than we have offered")
			}
			if base64.StdEncoding.EncodeToString(keys.In.Material()) != inlineKey(c.suite, 7) {
				t.Error("we hear under another key than the peer has written")
			}
		})
	}
	t.Run("our own key given back", func(t *testing.T) {
		s := secureLeg("192.0.2.9:30000", SecurityOptional)
		line := cryptos(offer(t, s, both, relay.SendRecv))[0]
		wantError(t, s.RemoteAnswer(secureParse(t, s, peerAnswer(avp, line))), ErrSecurity)
	})
}

// What we answer: the first line of the peer's that we speak, under its tag and
// its profile; or a refusal.
func TestAnswerToKeys(t *testing.T) {
	gcm, cm := inlineKey(srtp.AES128GCM, 7), inlineKey(srtp.AES128CM80, 7)
	savp, avp := "m=audio 4000 RTP/SAVP 0", "m=audio 4000 RTP/AVP 0"
	alias := "a=crypto:5 AES_CM_256_HMAC_SHA1_80 inline:" + inlineKey(srtp.AES256CM80, 7)
	for _, c := range []struct {
		name   string
		mode   Security
		offer  []string
		answer string // what our line begins with
		err    error
	}{
		{"the peer's first", SecurityOptional, []string{savp, cmLine + cm, gcmLine + gcm}, cmLine, nil},
		{"the first that we speak", SecurityOptional, []string{savp, "a=crypto:1 F8_128_HMAC_SHA1_80 inline:" + cm, cmLine + cm}, cmLine, nil},
		{"RFC 8643", SecurityOptional, []string{avp, gcmLine + gcm}, gcmLine, nil},
		{"RFC 8643 where SRTP is required", SecurityRequired, []string{avp, gcmLine + gcm}, gcmLine, nil},
		{"the name that the peer uses", SecurityRequired, []string{savp, alias}, "a=crypto:5 AES_CM_256_HMAC_SHA1_80 inline:", nil},
		{"SAVPF", SecurityRequired, []string{"m=audio 4000 RTP/SAVPF 0", gcmLine + gcm}, gcmLine, nil},
		{"plain", SecurityOptional, []string{avp}, "", nil},
		{"keys of no use", SecurityOptional, []string{avp, cmLine + cm + " KDR=1"}, "", nil},
		{"off", SecurityOff, []string{avp, gcmLine + gcm}, "", nil},
		{"off, SAVP", SecurityOff, []string{savp, gcmLine + gcm}, "", ErrTransport},
		{"required", SecurityRequired, []string{avp}, "", ErrSecurity},
		{"stripped", SecurityRequired, []string{savp}, "", ErrSecurity},
		{"SAVP, keys of no use", SecurityOptional, []string{savp, cmLine + cm + "|1:4"}, "", ErrSecurity},
		{"DTLS", SecurityRequired, []string{"m=audio 4000 UDP/TLS/RTP/SAVP 0"}, "", ErrTransport},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := secureLeg("192.0.2.9:30000", c.mode)
			d := secureParse(t, s, peerAnswer(c.offer[0], c.offer[1:]...))
			err := s.RemoteOffer(d)
			wantError(t, err, c.err)
			if caps := both.Restrict(d); (len(caps.Codecs) == 0) != (err != nil) {
				t.Errorf("the far leg may offer %v", caps.Codecs)
			}
			if err != nil {
				if _, _, ok := Warning(err); !ok {
					t.Error("no Warning says why")
				}
				return
			}
			b, err := s.Answer(both, relay.SendRecv)
			wantError(t, err, nil)
			text, lines := string(b), cryptos(string(b))
			proto := strings.Fields(c.offer[0])[2]
			if !strings.Contains(text, "m=audio 30000 "+proto+" 0") {
				t.Errorf("another profile is answered: %s", text)
			}
			if c.answer == "" {
				if len(lines) != 0 || negotiated(t, s).Keys != (srtp.Keys{}) {
					t.Errorf("keys are answered: %s", text)
				}
				return
			}
			keys := negotiated(t, s).Keys
			if len(lines) != 1 || lines[0] != c.answer+base64.StdEncoding.EncodeToString(keys.Out.Material()) {
				t.Errorf("%s", text)
			}
		})
	}
}

// RTP/SAVP beside RTP/AVP for one stream: each leg takes what its terms allow.
func TestStreamByTerms(t *testing.T) {
	text := peerAnswer("m=audio 4000 RTP/SAVP 0", gcmLine+inlineKey(srtp.AES128GCM, 7), "m=audio 4002 RTP/AVP 0")
	for mode, index := range map[Security]int{SecurityOff: 1, SecurityOptional: 0, SecurityRequired: 0} {
		s := secureLeg("192.0.2.9:30000", mode)
		a, ok := secureParse(t, s, text).Audio()
		if !ok || a.Index != index {
			t.Errorf("mode %d takes stream %d", mode, a.Index)
		}
	}
}

// A re-INVITE: the same keys where nothing asks for others, a new one of the
// peer's at once, and never again plain RTP.
func TestReofferWithKeys(t *testing.T) {
	s := secureLeg("192.0.2.9:30000", SecurityOptional, srtp.AES128GCM, srtp.AES128CM80)
	first := inlineKey(srtp.AES128CM80, 7)
	if err := s.RemoteOffer(secureParse(t, s, peerAnswer("m=audio 4000 RTP/AVP 0", cmLine+first))); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Answer(both, relay.SendRecv); err != nil {
		t.Fatal(err)
	}
	s.Settle()
	before := negotiated(t, s)
	again := func(lines ...string) error {
		if err := s.RemoteOffer(secureParse(t, s, peerAnswer("m=audio 4000 RTP/AVP 0", lines...))); err != nil {
			return err
		}
		_, err := s.Answer(both, relay.SendRecv)
		return err
	}
	wantError(t, again(cmLine+first), nil)
	want(t, "the same again", negotiated(t, s), before)
	wantError(t, again(cmLine+inlineKey(srtp.AES128CM80, 8)), nil)
	now := negotiated(t, s)
	if now.Keys.In == before.Keys.In || now.Keys.Out != before.Keys.Out {
		t.Error("the peer's key changes, and ours does not")
	}
	wantError(t, again(), ErrSecurity)
	want(t, "after a downgrade", negotiated(t, s), now)
	own := strings.TrimPrefix(cryptos(string(s.Current.Sent))[0], cmLine)
	wantError(t, again(cmLine+own), ErrSecurity)
	s.Rollback()
	want(t, "after our own key", negotiated(t, s), now)

	// Another suite, and back: no key of ours comes twice.
	wantError(t, again(gcmLine+inlineKey(srtp.AES128GCM, 9)), nil)
	wantError(t, again(cmLine+first), nil)
	if back := negotiated(t, s).Keys.Out; back == before.Keys.Out || back.Suite() != srtp.AES128CM80 {
		t.Error("a key that was replaced is used again")
	}

	// Our own offers: what is in force, and the same refresh.
	s.Settle()
	sent := string(s.Current.Sent)
	refresh, err := s.Repeat()
	wantError(t, err, nil)
	want(t, "refresh", string(refresh), sent)
	s.Rollback()
	lines := cryptos(offer(t, s, both, relay.SendOnly))
	if len(lines) != 1 || !strings.HasSuffix(lines[0], strings.TrimPrefix(cryptos(sent)[0], cmLine)) {
		t.Errorf("%q offered, %q is in force", lines, cryptos(sent))
	}
	wantError(t, s.RemoteAnswer(secureParse(t, s, peerAnswer("m=audio 4000 RTP/AVP 0"))), ErrSecurity)
	wantError(t, s.RemoteAnswer(secureParse(t, s, peerAnswer("m=audio 4000 RTP/AVP 0", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:"+first))), nil)
}

// A session that was agreed plainly stays so, whatever is optional.
func TestPlainStaysPlain(t *testing.T) {
	s := secureLeg("192.0.2.9:30000", SecurityOptional)
	offer(t, s, both, relay.SendRecv)
	wantError(t, s.RemoteAnswer(secureParse(t, s, peerAnswer("m=audio 4000 RTP/AVP 0"))), nil)
	s.Settle()
	if lines := cryptos(offer(t, s, both, relay.SendOnly)); len(lines) != 0 {
		t.Errorf("offered: %q", lines)
	}
}

// A restart carries the keys, but not through text.
func TestSecretsInSnapshots(t *testing.T) {
	s := secureLeg("192.0.2.9:30000", SecurityRequired)
	if err := s.RemoteOffer(secureParse(t, s, peerAnswer("m=audio 4000 RTP/SAVP 0", gcmLine+inlineKey(srtp.AES128GCM, 7)))); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Answer(both, relay.SendRecv); err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	if err := gob.NewEncoder(&buf).Encode(s); err != nil {
		t.Fatal(err)
	}
	var back Session
	if err := gob.NewDecoder(&buf).Decode(&back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back, *s) {
		t.Errorf("got %+v\nwant %+v", back, *s)
	}
	n := negotiated(t, s)
	text, err := json.Marshal([]any{n, s.Local, s.Exchange})
	if err != nil {
		t.Fatal(err)
	}
	shown := string(text) + fmt.Sprintf("%v %+v %#v %v %+v", n, n, n, s.Local, s.Exchange)
	for _, k := range []srtp.Key{n.Keys.In, n.Keys.Out} {
		for _, form := range []string{base64.StdEncoding.EncodeToString(k.Material())[:16], fmt.Sprintf("%x", k.Material())[:16], strings.Trim(fmt.Sprint(k.Material()[:6]), "[]")} {
			if strings.Contains(shown, form) {
				t.Errorf("a key is shown: %s", shown)
			}
		}
	}
	if strings.Contains(shown, "010203") || strings.Contains(shown, "1 2 3 0 0") || strings.Contains(shown, "AQID") {
		t.Errorf("the secret is shown: %s", shown)
	}
	if err := json.Unmarshal(text, &[]any{&n, &s.Local, &s.Exchange}); err == nil {
		t.Error("a secret was read from text")
	}
}
