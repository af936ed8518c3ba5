package scenario

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// Keys stand in the descriptions of the leg that they are for, and nowhere else:
// in no record, no note, nothing said to another party.
func TestKeysStayOnTheirLeg(t *testing.T) {
	files, err := filepath.Glob("testdata/srtp_*.txt")
	if err != nil || len(files) < 3 {
		t.Fatal(files, err)
	}
	inline := regexp.MustCompile(`inline:([A-Za-z0-9+/=]+)`)
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		s, err := ReadScript(string(text))
		if err != nil {
			t.Fatal(err)
		}
		p := newPlay(Setting{Weather: Fair(1), Sounds: allSounds().Deaf()})
		if _, err := p.play(s); err != nil {
			t.Fatal(err)
		}
		pairs := map[string]string{} // key to the two ends that know it
		for _, m := range p.world.trace {
			ends := m.From.String() + m.To.String()
			if m.To.String() < m.From.String() {
				ends = m.To.String() + m.From.String()
			}
			for _, found := range inline.FindAllSubmatch(m.Data, -1) {
				key := string(found[1])
				if was, ok := pairs[key]; ok && was != ends {
					t.Errorf("%s: a key of %s is told to %s", f, was, ends)
				}
				pairs[key] = ends
			}
		}
		if len(pairs) < 8 {
			t.Errorf("%s: only %d keys", f, len(pairs))
		}
		var said bytes.Buffer
		for _, r := range p.world.records {
			line, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			said.Write(line)
			fmt.Fprintf(&said, "%+v", *r)
		}
		fmt.Fprintf(&said, "%+v", p.world.notes)
		if !bytes.Contains(said.Bytes(), []byte("AEAD_AES_128_GCM")) {
			t.Errorf("%s: no record names a suite", f)
		}
		for key := range pairs {
			raw, err := base64.StdEncoding.DecodeString(key)
			if err != nil {
				t.Fatal(err)
			}
			for _, form := range [][]byte{[]byte(key[:16]), []byte(hex.EncodeToString(raw[:8])), raw[:8]} {
				if bytes.Contains(said.Bytes(), form) {
					t.Errorf("%s: a key is recorded or noted", f)
				}
			}
		}
	}
}
