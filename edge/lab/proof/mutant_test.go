package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestReadMutants(t *testing.T) {
	all, err := readMutants("# a comment\nmutant  a\nfile    x.go\nold     if a  b {\nnew\nproof   policy TestA\n\n\nmutant b\nfile y.go\nold o\nnew n\nproof p TestB")
	if err != nil || len(all) != 2 || all[0] != (mutant{"a", "x.go", "if a  b {", "", "policy", "TestA"}) || all[1].test != "TestB" {
		t.Errorf("%v, %v", all, err)
	}
	for _, text := range []string{
		"", "mutant a\n", "mutant a\nmutant b\n", "colour red\n",
		"mutant a\nfile x\nold\nnew n\nproof p T\n", "mutant a\nfile x\nold o\nnew n\nproof policy\n",
	} {
		if all, err := readMutants(text); err == nil {
			t.Errorf("%q was read as %v", text, all)
		}
	}
}

func TestPick(t *testing.T) {
	all := []mutant{{name: "a"}, {name: "b"}, {name: "c"}}
	if got, err := pick(slices.Clone(all), []string{"c", "a"}); err != nil || len(got) != 2 || got[0].name != "a" || got[1].name != "c" {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := pick(slices.Clone(all), nil); err != nil || len(got) != 3 {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := pick(all, []string{"d"}); err == nil {
		t.Error("a name that is none was picked")
	}
}

// TestMutantIsJudged runs the whole judgement on a module of two functions.
func TestMutantIsJudged(t *testing.T) {
	if os.Getenv("SEKISHO_REQUIRE") == "" {
		t.Skip("builds a module nine times over: runs where SEKISHO_REQUIRE is set")
	}
	root := t.TempDir()
	for path, text := range map[string]string{
		"go.mod":     "module sekisho\n\ngo 1.26\n",
		"sum/sum.go": "package sum\n\nfunc Add(a, b int) int { return a + b }\n\nfunc At(s []int, i int) int { return s[i-1] }\n",
		"sum/add_test.go": "package sum\n\nimport \"testing\"\n\nfunc TestAdd(t *testing.T) {\n\tif Add(2, 3) != 5 {\n\t\tt.Error(\"wrong\")\n\t}\n}\n\n" +
			"func TestAt(t *testing.T) {\n\tif At([]int{7}, 1) != 7 {\n\t\tt.Error(\"wrong\")\n\t}\n}\n\n" +
			"func TestBlind(t *testing.T) {}\n\nfunc TestOff(t *testing.T) { t.Skip(\"off\") }\n\nfunc TestBroken(t *testing.T) { t.Error(\"always\") }\n",
	} {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	w, err := newWorkshop(root)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	for _, c := range []struct{ old, new, test, want string }{
		{"a + b", "a - b", "TestAdd", ""},
		{"a + b", "a - b", "TestBlind", "with the fault TestBlind in sum passed"},
		{"a + b", "a - b", "TestOff", "without the fault TestOff in sum was skipped"},
		{"a + b", "a - b", "TestBroken", "without the fault TestBroken in sum failed"},
		{"a + b", "a - b", "TestNone", "without the fault TestNone in sum did not run"},
		{"a + b", "a + c", "TestAdd", "does not compile"},
		{"i-1", "i", "TestAt", "panics"},
		{"a * b", "a", "TestAdd", "0 times"},
		{"func", "fun", "TestAdd", "2 times"},
	} {
		err := mutant{"m", "sum/sum.go", c.old, c.new, "sum", c.test}.check(t.Context(), w)
		if (c.want == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s -> %s by %s: %v, want %q", c.old, c.new, c.test, err, c.want)
		}
	}
}
