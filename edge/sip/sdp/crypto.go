package sdp

import (
	"encoding/base64"
	"strconv"
	"strings"

	"sekisho/media/srtp"
)

// Crypto is one a=crypto line (RFC 4568 §4) that we can do as it says.
type Crypto struct {
	Tag uint32
	// Name is the suite as the peer wrote it, where that is another name than
	// ours; empty otherwise.
	Name string
	Key  srtp.Key
}

// maxCrypto bounds the lines of a stream that are looked at.
const maxCrypto = 16

// earlier are names that drafts gave the suites of RFC 6188.
var earlier = map[string]srtp.Suite{
	"AES_CM_256_HMAC_SHA1_80": srtp.AES256CM80,
	"AES_CM_256_HMAC_SHA1_32": srtp.AES256CM32,
}

// parseCrypto reads "1 AES_CM_128_HMAC_SHA1_80 inline:KEY|2^31 WSH=64". It
// reports false for whatever cannot be done exactly: several keys, a master key
// identifier, a key derivation rate, parts that are not encrypted or not
// authenticated, and parameters that it does not know, since "unknown session
// parameters [without a hyphen] MUST … be rejected" (RFC 4568 §6.3.7).
func parseCrypto(v string) (Crypto, bool) {
	tag, rest := field(v)
	name, rest := field(rest)
	params, rest := field(rest)
	n, err := strconv.ParseUint(tag, 10, 32)
	if err != nil || len(tag) > 9 {
		return Crypto{}, false
	}
	c := Crypto{Tag: uint32(n)}
	suite, ok := srtp.ParseSuite(name)
	if !ok {
		if suite, ok = earlier[strings.ToUpper(name)]; !ok {
			return Crypto{}, false
		}
		c.Name = strings.Clone(name)
	}
	if c.Key, ok = inline(suite, params); !ok {
		return Crypto{}, false
	}
	for param, rest := field(rest); param != ""; param, rest = field(rest) {
		if !harmless(param) {
			return Crypto{}, false
		}
	}
	return c, true
}

// inline reads "inline:" and the key, base64 with or without its padding, with
// a lifetime or none (RFC 4568 §6.1).
func inline(suite srtp.Suite, params string) (srtp.Key, bool) {
	method, info, _ := strings.Cut(params, ":")
	if !strings.EqualFold(method, "inline") {
		return srtp.Key{}, false
	}
	text, lifetime, _ := strings.Cut(info, "|")
	if !alive(lifetime) {
		return srtp.Key{}, false
	}
	text = strings.TrimRight(text, "=")
	var material [64]byte
	if base64.RawStdEncoding.DecodedLen(len(text)) > len(material) {
		return srtp.Key{}, false
	}
	n, err := base64.RawStdEncoding.Decode(material[:], []byte(text))
	if err != nil {
		return srtp.Key{}, false
	}
	return srtp.NewKey(suite, material[:n])
}

// alive accepts a lifetime in packets, "2^31" or a number, that a key may have
// at all: 2^48 at most (RFC 3711 §9.2). A call of ours ends long before 2^20
// packets of 20 ms, so that a shorter one is refused rather than counted.
func alive(lifetime string) bool {
	if lifetime == "" {
		return true
	}
	power, exponential := strings.CutPrefix(lifetime, "2^")
	n, err := strconv.ParseUint(power, 10, 64)
	if exponential {
		return err == nil && n >= 20 && n <= 48
	}
	return err == nil && n >= 1<<20 && n <= 1<<48
}

// harmless reports whether a session parameter asks nothing of us: the size of
// the peer's replay window, or what the peer has marked as optional.
func harmless(param string) bool {
	name, value, _ := strings.Cut(param, "=")
	if strings.HasPrefix(name, "-") {
		return true
	}
	n, err := strconv.ParseUint(value, 10, 32)
	return strings.EqualFold(name, "WSH") && err == nil && n >= 64
}

// add keeps a line that can be done, unless its tag came before.
func (at *attributes) add(v string) {
	at.keyed = true
	if at.cryptos++; at.cryptos > maxCrypto {
		return
	}
	c, ok := parseCrypto(v)
	if !ok {
		return
	}
	for _, other := range at.crypto {
		if other.Tag == c.Tag {
			return
		}
	}
	at.crypto = append(at.crypto, c)
}

func appendCrypto(dst []byte, c Crypto) []byte {
	dst = strconv.AppendUint(append(dst, "\r\na=crypto:"...), uint64(c.Tag), 10)
	name := c.Name
	if name == "" {
		name = c.Key.Suite().String()
	}
	dst = append(append(dst, ' '), name...)
	return base64.StdEncoding.AppendEncode(append(dst, " inline:"...), c.Key.Material())
}
