package srtp

import (
	"bytes"
	"testing"
)

// The order of RFC 5764 §4.2 on a block whose bytes count up.
func TestExported(t *testing.T) {
	for _, s := range []Suite{AES128CM80, AES128GCM, AES256GCM} {
		block := make([]byte, 2*s.Length())
		for i := range block {
			block[i] = byte(i)
		}
		key, salt := 16, 12
		if s == AES256GCM {
			key = 32
		}
		if s == AES128CM80 {
			salt = 14
		}
		client := append(bytes.Clone(block[:key]), block[2*key:2*key+salt]...)
		server := append(bytes.Clone(block[key:2*key]), block[2*key+salt:]...)
		ours, ok := Exported(s, block, Server)
		theirs, also := Exported(s, block, Client)
		if !ok || !also || !bytes.Equal(ours.In.Material(), client) || !bytes.Equal(ours.Out.Material(), server) || ours.In != theirs.Out || ours.Out != theirs.In {
			t.Errorf("%v: %x in, %x out", s, ours.In.Material(), ours.Out.Material())
		}
		if _, ok := Exported(s, block[1:], Server); ok {
			t.Errorf("%v: keys from a short block", s)
		}
		if _, ok := Exported(s, block, NoRole); ok {
			t.Errorf("%v: keys for nobody", s)
		}
		n, ok := s.Profile()
		if back, known := OfProfile(n); !ok || !known || back != s {
			t.Errorf("%v is profile %d, which is %v", s, n, back)
		}
	}
	if _, ok := AES256CM80.Profile(); ok {
		t.Error("AES-CM of 256 bits has no profile")
	}
	if s, ok := OfProfile(0); ok {
		t.Errorf("no profile is %v", s)
	}
}

func TestFingerprint(t *testing.T) {
	f := Fingerprint{0x4a, 0xad, 31: 0x0c}
	for text, want := range map[string]bool{
		f.String():               true,
		"4a:ad" + f.String()[5:]: true,
		f.String()[1:]:           false,
		f.String()[:92]:          false,
		"4AAAD" + f.String()[5:]: false,
		"4G:AD" + f.String()[5:]: false,
		Fingerprint{}.String():   false,
		"":                       false,
	} {
		if got, ok := ParseFingerprint(text); ok != want || ok && got != f {
			t.Errorf("%q: %v, %v", text, got, ok)
		}
	}
}
