package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// project writes a small project: a package with one test that speaks of R6,
// and three ladders.
func project(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for path, text := range map[string]string{
		"policy/a_test.go":                          "package policy\n\nimport \"testing\"\n\n// TestA proves R6.\nfunc TestA(t *testing.T) {}\n\n// R60.\nfunc TestB(t *testing.T) {}\n",
		"edge/lab/scenario/testdata/r6-good.txt":    "# R6\ncall docomo to=82002\n----\ndocomo -> border  0.000  INVITE 82002\nborder -> docomo  0.010  100\n",
		"edge/lab/scenario/testdata/r6-hollow.txt":  "# R6\ncall docomo to=82002\n----\n# border -> docomo 100\ndocomo -> border  0.000  INVITE 82002\n\nadvance 1s\n",
		"edge/lab/scenario/testdata/r60-other.txt":  "# R60\ncdr\n----\nno record\n",
		"edge/lab/scenario/testdata/r6-skipped.txt": "# R6\ncdr\n----\nno record\n",
	} {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestUnproven(t *testing.T) {
	root := project(t)
	seen := map[testKey]outcome{
		{"sekisho/policy", "TestA"}:                                passed,
		{"sekisho/policy", "TestA/sub"}:                            passed,
		{"sekisho/policy", "TestA/off"}:                            skipped,
		{"sekisho/policy", "TestB"}:                                passed,
		{"sekisho/policy", "TestGone"}:                             passed,
		{"sekisho/edge/lab/scenario", "TestLadders/r6-good"}:       passed,
		{"sekisho/edge/lab/scenario", "TestLadders/r6-hollow"}:     passed,
		{"sekisho/edge/lab/scenario", "TestLadders/r60-other"}:     passed,
		{"sekisho/edge/lab/scenario", "TestLadders/r6-skipped"}:    skipped,
		{"sekisho/edge/lab/scenario", "TestLadders/very/r6-good"}:  passed,
		{"sekisho/edge/lab/scenario", "TestLadders/not-r6-absent"}: passed,
	}
	for _, c := range []struct{ kind, proof, want string }{
		{"test", "policy.TestA", ""},
		{"test", "policy.TestA/sub", ""},
		{"test", "policy.TestA/off", "was skipped"},
		{"test", "policy.TestA/none", "did not run"},
		{"test", "policy.TestB", "says nothing of R6"},
		{"test", "policy.TestGone", "no test file"},
		{"test", "media.TestA", "did not run"},
		{"test", "policy", "not of the form"},
		{"ladder", "r6-good.txt", ""},
		{"ladder", "r6-hollow.txt", "asserts nothing"},
		{"ladder", "r60-other.txt", "says nothing of R6"},
		{"ladder", "r6-skipped.txt", "was skipped"},
		{"ladder", "r6-absent.txt", "no such file"},
		{"hope", "policy.TestA", "neither"},
	} {
		got := row{1, "R6", c.kind, c.proof}.unproven(root, seen)
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s %s: %q, want %q", c.kind, c.proof, got, c.want)
		}
	}
	seen[testKey{"sekisho/policy", "TestA"}] = failed
	if got := (row{1, "R6", "test", "policy.TestA"}).unproven(root, seen); !strings.Contains(got, "failed") {
		t.Errorf("a failed test: %q", got)
	}
}

func TestReadRows(t *testing.T) {
	rows, faults := readRows("# comment\nR1\ttest\tpolicy.TestA\tnote\n\nR2\ttest\n\ttest\tx.TestB\t\n")
	if len(rows) != 1 || rows[0] != (row{2, "R1", "test", "policy.TestA"}) || len(faults) != 2 {
		t.Errorf("%v, %v", rows, faults)
	}
	if missing := missingRules(rows); len(missing) != len(required)-1 {
		t.Errorf("with R1 alone, missing are %v", missing)
	}
}

// TestRowsAreWellFormed reads the project's own list without a run's results.
func TestRowsAreWellFormed(t *testing.T) {
	text, err := os.ReadFile("../scenario/rows.tsv")
	if err != nil {
		t.Fatal(err)
	}
	rows, faults := readRows(string(text))
	for _, err := range faults {
		t.Error(err)
	}
	everythingPassed := map[testKey]outcome{}
	for _, r := range rows {
		if folder, name, ok := strings.Cut(r.proof, ".Test"); ok {
			everythingPassed[testKey{module + "/" + folder, "Test" + name}] = passed
		}
		everythingPassed[testKey{module + "/" + scenarioRoom, "TestLadders/" + strings.TrimSuffix(r.proof, filepath.Ext(r.proof))}] = passed
	}
	for _, r := range rows {
		if why := r.unproven("../../..", everythingPassed); why != "" {
			t.Errorf("rows.tsv:%d: %s: %s", r.line, r.rule, why)
		}
	}
}
