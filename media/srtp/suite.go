package srtp

import (
	"strings"

	"github.com/pion/srtp/v3"
)

// Suite is a crypto-suite of SDP security descriptions (RFC 4568 §6.2). The
// zero Suite is plain RTP.
type Suite uint8

// The suites of RFC 4568, RFC 6188 and RFC 7714 that authenticate and encrypt.
// F8 and the NULL ciphers are not spoken.
const (
	Plain Suite = iota
	AES128CM80
	AES128CM32
	AES256CM80
	AES256CM32
	AES128GCM
	AES256GCM
	suites
)

// Overhead is the most that protection makes a packet longer, in bytes: an
// AES-GCM tag and the index of SRTCP.
const Overhead = 16 + 4

type traits struct {
	name      string
	key, salt int // bytes
	tag       int // bytes behind an RTP packet
	profile   srtp.ProtectionProfile
}

var table = [suites]traits{
	AES128CM80: {"AES_CM_128_HMAC_SHA1_80", 16, 14, 10, srtp.ProtectionProfileAes128CmHmacSha1_80},
	AES128CM32: {"AES_CM_128_HMAC_SHA1_32", 16, 14, 4, srtp.ProtectionProfileAes128CmHmacSha1_32},
	AES256CM80: {"AES_256_CM_HMAC_SHA1_80", 32, 14, 10, srtp.ProtectionProfileAes256CmHmacSha1_80},
	AES256CM32: {"AES_256_CM_HMAC_SHA1_32", 32, 14, 4, srtp.ProtectionProfileAes256CmHmacSha1_32},
	AES128GCM:  {"AEAD_AES_128_GCM", 16, 12, 16, srtp.ProtectionProfileAeadAes128Gcm},
	AES256GCM:  {"AEAD_AES_256_GCM", 32, 12, 16, srtp.ProtectionProfileAeadAes256Gcm},
}

// String returns the name in SDP; empty for plain RTP.
func (s Suite) String() string {
	if s >= suites {
		return ""
	}
	return table[s].name
}

// Length returns how many bytes the master key and the master salt behind it
// have together; 0 for plain RTP.
func (s Suite) Length() int {
	if s >= suites {
		return 0
	}
	return table[s].key + table[s].salt
}

// ParseSuite returns the suite of a name in SDP. Names are compared without
// regard to case, as some peers write them.
func ParseSuite(name string) (Suite, bool) {
	for s := Plain + 1; s < suites; s++ {
		if strings.EqualFold(name, table[s].name) {
			return s, true
		}
	}
	return Plain, false
}
