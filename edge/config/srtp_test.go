package config

import (
	"slices"
	"strings"
	"testing"

	"sekisho/policy/profile"
)

// SRTP over signalling that anybody can read has to be asked for by name.
func TestSRTPFaults(t *testing.T) {
	base := baseFile(t)
	for _, c := range []struct {
		name, old, new string
		want           []string
	}{
		{"trunk", "egress.cli_passthrough: false", "media.srtp: require", []string{
			`f:35: trunks.pstn.srtp_over_plain: must be true for SRTP over UDP: its keys stand in the signalling, for everybody on the way to read`,
		}},
		{"trunk that forbids it", "    emergency_capable: false\n    override:\n      egress.cli_passthrough: false",
			"    srtp_over_plain: false\n    override:\n      media.srtp: optional", []string{
				`f:42: trunks.pstn.srtp_over_plain: must be true for SRTP over UDP: its keys stand in the signalling, for everybody on the way to read`,
			}},
		{"phones", "  phones: [\"udp:127.0.0.1:5080\"]\n", "  phones: [\"udp:127.0.0.1:5080\"]\n  srtp: {phones: optional}\n", []string{
			`f:16: core.srtp.over_plain: must be true for SRTP over UDP: its keys stand in the signalling, for everybody on the way to read`,
		}},
		{"DTLS without a suite for it", "  phones: [\"udp:127.0.0.1:5080\"]\n", "  phones: [\"udp:127.0.0.1:5080\"]\n  srtp: {phones: require, dtls: true, suites: [AES_256_CM_HMAC_SHA1_80]}\n", []string{
			`f:16: core.srtp.dtls: none of the suites can be agreed on by DTLS: there are AEAD_AES_128_GCM, AEAD_AES_256_GCM, AES_CM_128_HMAC_SHA1_80`,
		}},
		{"an old word", "egress.cli_passthrough: false", "media.srtp: sdes", []string{
			`f:44: trunks.pstn.override.media.srtp: "sdes" is not one of off, optional, require`,
		}},
		{"no suite", "egress.cli_passthrough: false", "media.srtp_suites: []", []string{
			`f:44: trunks.pstn.override.media.srtp_suites: is empty`,
		}},
		{"a suite that does not encrypt", "egress.cli_passthrough: false", "media.srtp_suites: [NULL_HMAC_SHA1_80]", []string{
			`f:44: trunks.pstn.override.media.srtp_suites[0]: "NULL_HMAC_SHA1_80" is not one of AEAD_AES_128_GCM, AEAD_AES_256_GCM, AES_CM_128_HMAC_SHA1_80, AES_256_CM_HMAC_SHA1_80, AES_CM_128_HMAC_SHA1_32, AES_256_CM_HMAC_SHA1_32`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(base, c.old) {
				t.Fatalf("base.yaml has no %q", c.old)
			}
			var got []string
			for _, f := range faultsOf(t, strings.Replace(base, c.old, c.new, 1)) {
				got = append(got, f.Error())
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(c.want, "\n  "))
			}
		})
	}
}

func TestSRTPSettings(t *testing.T) {
	base := baseFile(t)
	plain, err := Parse("f", []byte(base))
	if err != nil {
		t.Fatal(err)
	}
	if plain.Core.SRTP.Phones != profile.SRTPOff || plain.Trunks[2].Profile.Media.SRTP != profile.SRTPOff {
		t.Error("SRTP is on where nobody asks for it")
	}
	text := strings.Replace(base, "    override:\n      egress.cli_passthrough: false",
		"    srtp_over_plain: true\n    override:\n      media.srtp: require\n      media.srtp_suites: [AES_CM_128_HMAC_SHA1_80]", 1)
	text = strings.Replace(text, "  phones: [", "  srtp: {phones: optional, over_plain: true}\n  phones: [", 1)
	c, err := Parse("f", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	m := c.Trunks[2].Profile.Media
	if m.SRTP != profile.SRTPRequire || !slices.Equal(m.SRTPSuites, []profile.SRTPSuite{profile.AES128CM80}) {
		t.Errorf("trunk: %v, %v", m.SRTP, m.SRTPSuites)
	}
	if s := c.Core.SRTP; s.Phones != profile.SRTPOptional || !slices.Equal(s.Suites, []profile.SRTPSuite{profile.AES128GCM, profile.AES128CM80}) {
		t.Errorf("phones: %+v", s)
	}
	c, err = Parse("f", []byte(strings.Replace(base, "  phones: [", "  srtp: {phones: require, dtls: true}\n  phones: [", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if s := c.Core.SRTP; !s.DTLS || s.OverPlain {
		t.Errorf("DTLS lets keys cross SDP that nobody has allowed: %+v", s)
	}
	c, err = Parse("f", []byte(strings.Replace(base, "  phones: [", "  srtp: {dtls: true}\n  phones: [", 1)))
	if err != nil || c.Core.SRTP.DTLS || len(c.Warnings) != len(plain.Warnings)+1 {
		t.Errorf("DTLS where SRTP is off: %v, %+v", err, c)
	}
	warned, err := Parse("f", []byte(strings.Replace(base, "    emergency_capable: false\n", "    srtp_over_plain: true\n", 1)))
	if err != nil || len(warned.Warnings) != len(plain.Warnings)+1 {
		t.Errorf("a key that does nothing: %v, %v", err, warned)
	}
}
