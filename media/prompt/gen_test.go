package prompt

import (
	"os"
	"strings"
	"testing"
)

// Every announcement can be made again: it has a text and the phonemes that
// prove how the text is read.
func TestTextsAndAnnouncementsCorrespond(t *testing.T) {
	src, err := os.ReadFile("gen/texts.tsv")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]bool{}
	for i, line := range strings.Split(strings.TrimSpace(string(src)), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		field := strings.Split(line, "\t")
		if len(field) != 3 || field[2] == "" {
			t.Errorf("line %d is not key, phonemes, text: %q", i+1, line)
			continue
		}
		if !strings.HasPrefix(field[1], "sil ") || !strings.HasSuffix(field[1], " sil") {
			t.Errorf("%s: phonemes %q do not run from silence to silence", field[0], field[1])
		}
		if texts[field[0]] {
			t.Errorf("%s has two texts", field[0])
		}
		texts[field[0]] = true
	}
	for _, key := range Embedded().Keys() {
		if !strings.Contains(key, "/") && !texts[key] {
			t.Errorf("%s has no text", key)
		}
		delete(texts, key)
	}
	for key := range texts {
		t.Errorf("%s has a text but no audio", key)
	}
}
