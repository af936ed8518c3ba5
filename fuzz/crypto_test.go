package fuzz

import (
	"encoding/base64"
	"errors"
	"regexp"
	"strings"
	"testing"

	"sekisho/edge/sip/sdp"
	"sekisho/media/relay"
	"sekisho/media/srtp"
)

// keyed are descriptions with keys as peers write them, and as none should.
var keyed = []string{
	"m=audio 4000 RTP/SAVP 0\r\na=crypto:1 AEAD_AES_128_GCM inline:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHA==\r\n",
	"m=audio 4000 RTP/AVP 0 8\r\na=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e|2^31 WSH=64\r\n",
	"m=audio 4000 RTP/SAVPF 0\r\na=crypto:9 AES_CM_256_HMAC_SHA1_32 inline:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLg\r\n",
	"m=audio 4000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e|2^20|1:4\r\na=crypto:1 F8_128_HMAC_SHA1_80 inline:AA==\r\n",
	"m=audio 4000 RTP/SAVP 0\r\na=crypto:1 AEAD_AES_256_GCM inline:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKyw= KDR=1 UNENCRYPTED_SRTP\r\n",
	"m=audio 4000 RTP/AVP 0\r\n",
	"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e\r\nm=audio 4000 RTP/SAVP 0\r\n",
}

const keyless = "v=0\r\no=- 5 5 IN IP4 198.51.100.9\r\ns=-\r\nc=IN IP4 198.51.100.9\r\nt=0 0\r\n"

var inlineOf = regexp.MustCompile(`(?i)inline:([A-Za-z0-9+/]+)`)

// FuzzCrypto holds offer and answer with keys to this, in each mode and role:
// where SRTP is required nothing is agreed without; both directions are keyed or
// neither is; we hear under a key that the peer has written and speak under one
// that we have, never the same; and once there were keys there are keys.
func FuzzCrypto(f *testing.F) {
	for i, text := range keyed {
		for mode := range byte(3) {
			f.Add([]byte(keyless+text), []byte(keyless+keyed[(i+1)%len(keyed)]), mode)
		}
	}
	f.Fuzz(func(t *testing.T, first, second []byte, mode byte) {
		secure := sdp.Secure{Mode: sdp.Security(mode % 3), Suites: []srtp.Suite{srtp.AES128GCM, srtp.AES128CM80, srtp.AES256CM32}}
		newSession := func() *sdp.Session {
			return &sdp.Session{Local: sdp.Local{Addr: nearMedia, Session: 7, Version: 1, Secret: sdp.Secret{9}}, Secure: secure}
		}
		caps := sdp.Caps{Codecs: []relay.Codec{relay.PCMU, relay.PCMA}, Event: 101}
		uas := newSession()
		var was sdp.Negotiated
		for _, text := range [][]byte{first, second, first} {
			d, err := sdp.ParseSecure(text, secure)
			if err != nil {
				continue
			}
			if uas.RemoteOffer(d) != nil {
				continue
			}
			b, err := uas.Answer(caps, relay.SendRecv)
			if err != nil {
				uas.Rollback()
				continue
			}
			uas.Settle()
			n, _ := uas.Negotiated()
			checkKeys(t, secure, n, string(text), string(b))
			if was.Keys != (srtp.Keys{}) && n.Keys == (srtp.Keys{}) {
				t.Fatal("keys were agreed away")
			}
			was = n
		}
		uac := newSession()
		offer, err := uac.Offer(caps, relay.SendRecv)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range [][]byte{first, second} {
			// The peer may be a parrot as well.
			for _, answer := range []string{string(text), string(text) + string(offer[strings.Index(string(offer), "m="):])} {
				d, err := sdp.ParseSecure([]byte(answer), secure)
				if err != nil {
					continue
				}
				if err := uac.RemoteAnswer(d); err != nil {
					if errors.Is(err, sdp.ErrState) {
						t.Fatal(err)
					}
					continue
				}
				n, _ := uac.Negotiated()
				checkKeys(t, secure, n, answer, string(offer))
			}
		}
	})
}

func checkKeys(t *testing.T, secure sdp.Secure, n sdp.Negotiated, theirs, ours string) {
	t.Helper()
	in, out := n.Keys.In, n.Keys.Out
	if in.IsZero() != out.IsZero() || in.Suite() != out.Suite() {
		t.Fatalf("one way is %v, the other %v", in, out)
	}
	if in.IsZero() {
		if secure.Mode == sdp.SecurityRequired {
			t.Fatal("agreed without keys")
		}
		return
	}
	if secure.Mode == sdp.SecurityOff {
		t.Fatal("keys where SRTP is off")
	}
	if in.Same(&out) {
		t.Fatal("one key for both ways")
	}
	written := func(k *srtp.Key, text string) bool {
		for _, found := range inlineOf.FindAllStringSubmatch(text, -1) {
			raw, err := base64.RawStdEncoding.DecodeString(found[1])
			if err == nil && string(raw) == string(k.Material()) {
				return true
			}
		}
		return false
	}
	if !written(&in, theirs) || !written(&out, ours) || written(&out, theirs) {
		t.Fatalf("keys that nobody has written\ntheirs: %s\nours: %s", theirs, ours)
	}
}
