package prompt

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLoadWithoutFolderIsEmbedded(t *testing.T) {
	set, err := Load("")
	if err != nil {
		t.Fatal(err)
	}
	want := Embedded().Keys()
	if got := set.Keys(); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("keys %v, want %v", got, want)
	}
}

func TestLoadOverridesByFileName(t *testing.T) {
	folder := t.TempDir()
	own, jingle := bytes.Repeat([]byte{0x12}, 8000), bytes.Repeat([]byte{0x34}, 35*8000)
	write(t, filepath.Join(folder, "Emergency.ULAW"), own)
	write(t, filepath.Join(folder, "README.txt"), []byte("notes are the operator's own"))
	write(t, filepath.Join(folder, "music", "hold.ulaw"), own)
	write(t, filepath.Join(folder, "music", "Jingle.ulaw"), jingle)
	write(t, filepath.Join(folder, "music", "LICENCE"), []byte("bought"))

	set, err := Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string][]byte{"emergency": own, Hold: own, "music/jingle": jingle} {
		if got, ok := set.Clip(key); !ok || !bytes.Equal(got, want) {
			t.Errorf("%s is not the operator's (%d octets)", key, len(got))
		}
	}
	embedded, _ := Embedded().Clip("ext1000")
	if got, _ := set.Clip("ext1000"); !bytes.Equal(got, embedded) {
		t.Error("ext1000 changed, though nothing replaces it")
	}
	if _, ok := set.Clip("no such clip"); ok {
		t.Error("a key that nobody has was found")
	}
}

func TestLoadNamesEveryFault(t *testing.T) {
	second := bytes.Repeat([]byte{0x12}, 8000)
	cases := []struct {
		name, file string
		content    []byte
		want       string
	}{
		{"misspelt", "emergancy.ulaw", second, "no announcement of this name"},
		{"too long", "busy_all.ulaw", make([]byte, 35*8000+1), "35.000 s long, must be 100ms to 35s"},
		{"too short", "digit_1.ulaw", make([]byte, 799), "0.100 s long"},
		{"empty", "no_cli.ulaw", nil, "0.000 s long"},
		{"wrong format", "ext1000.wav", second, "must be raw mu-law"},
		{"container", "no_intl.ulaw", append([]byte("RIFF"), second...), `has a "RIFF" header`},
		{"music too long", "music/hold.ulaw", make([]byte, 35*8000+1), "must be 100ms to 35s"},
		{"tone", "busy.ulaw", second, "no announcement of this name"},
	}
	all := t.TempDir()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			folder := t.TempDir()
			write(t, filepath.Join(folder, c.file), c.content)
			write(t, filepath.Join(all, c.file), c.content)
			set, err := Load(folder)
			if err == nil || set != nil {
				t.Fatalf("loaded, error %v", err)
			}
			if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), filepath.Base(c.file)) {
				t.Errorf("error %q does not say %q of %s", err, c.want, c.file)
			}
		})
	}
	_, err := Load(all)
	if err == nil {
		t.Fatal("loaded")
	}
	if lines := strings.Split(err.Error(), "\n"); len(lines) != len(cases) {
		t.Errorf("%d faults told of %d:\n%v", len(lines), len(cases), err)
	}
}

func TestLoadRefusesAmbiguityAndOddFiles(t *testing.T) {
	second := bytes.Repeat([]byte{0x12}, 8000)
	folder := t.TempDir()
	write(t, filepath.Join(folder, "emergency.ulaw"), second)
	write(t, filepath.Join(folder, "EMERGENCY.ulaw"), second)
	if entries, _ := os.ReadDir(folder); len(entries) < 2 {
		t.Skip("this file system does not tell upper from lower case")
	}
	if _, err := Load(folder); err == nil || !strings.Contains(err.Error(), `gives "emergency" too`) {
		t.Errorf("two files for one key: %v", err)
	}
	if _, err := Load(filepath.Join(folder, "absent")); err == nil || !strings.Contains(err.Error(), "absent") {
		t.Errorf("a folder that is not there: %v", err)
	}
	odd := t.TempDir()
	if err := os.Symlink(t.TempDir(), filepath.Join(odd, "emergency.ulaw")); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(odd); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a link to a folder: %v", err)
	}
}

func write(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, content, 0o644); err != nil {
		t.Fatal(err)
	}
}
