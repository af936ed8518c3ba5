package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

const (
	scenarioRoom = "edge/lab/scenario"
	module       = "sekisho"
)

// required are the rules that must have a proof.
var required = [...]string{
	"R1", "R2", "R4", "R5", "R8", "R9", "R10", "R11", "R20", "R21", "R25", "R26", "R27", "R28", "R29", "R30", "R31",
	"R50", "R51", "R52", "R60", "R60c", "R61", "R61b",
}

// row is one line of rows.tsv.
type row struct {
	line              int
	rule, kind, proof string
}

func checkRows(results string, out io.Writer) error {
	text, err := os.ReadFile(filepath.Join(scenarioRoom, "rows.tsv"))
	if err != nil {
		return err
	}
	f, err := os.Open(results)
	if err != nil {
		return err
	}
	defer f.Close()
	seen, err := outcomes(f)
	if err != nil {
		return fmt.Errorf("%s: %w", results, err)
	}
	rows, faults := readRows(string(text))
	faults = append(faults, missingRules(rows)...)
	for _, r := range rows {
		if why := r.unproven(".", seen); why != "" {
			faults = append(faults, fmt.Errorf("rows.tsv:%d: %s: %s", r.line, r.rule, why))
		}
	}
	if len(faults) == 0 {
		fmt.Fprintf(out, "rows.tsv: %d rules are proven by %d proofs\n", countRules(rows), len(rows))
	}
	return errors.Join(faults...)
}

func readRows(text string) (rows []row, faults []error) {
	for i, line := range strings.Split(text, "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		column := strings.Split(line, "\t")
		if len(column) != 4 || column[0] == "" || column[2] == "" {
			faults = append(faults, fmt.Errorf("rows.tsv:%d: want rule, kind, proof and note, parted by tabs", i+1))
			continue
		}
		rows = append(rows, row{i + 1, column[0], column[1], column[2]})
	}
	return rows, faults
}

func missingRules(rows []row) (faults []error) {
	have := map[string]bool{}
	for _, r := range rows {
		have[r.rule] = true
	}
	for _, rule := range required {
		if !have[rule] {
			faults = append(faults, fmt.Errorf("rows.tsv: no row proves %s", rule))
		}
	}
	return faults
}

func countRules(rows []row) int {
	rules := map[string]bool{}
	for _, r := range rows {
		rules[r.rule] = true
	}
	return len(rules)
}

// unproven says why the row's proof does not hold; empty when it does. root is
// the project's folder.
func (r row) unproven(root string, seen map[testKey]outcome) string {
	switch r.kind {
	case "test":
		return r.unprovenTest(root, seen)
	case "ladder":
		return r.unprovenLadder(root, seen)
	}
	return fmt.Sprintf("kind %q is neither test nor ladder", r.kind)
}

func (r row) unprovenTest(root string, seen map[testKey]outcome) string {
	folder, name, ok := strings.Cut(r.proof, ".Test")
	if !ok {
		return fmt.Sprintf("%q is not of the form folder.TestName", r.proof)
	}
	name = "Test" + name
	if o := seen[testKey{module + "/" + folder, name}]; o != passed {
		return fmt.Sprintf("%s %v", r.proof, o)
	}
	function, _, _ := strings.Cut(name, "/")
	text, err := testText(filepath.Join(root, folder), function)
	if err != nil {
		return err.Error()
	}
	if !speaksOf(text, r.rule) {
		return fmt.Sprintf("%s says nothing of %s", r.proof, r.rule)
	}
	return ""
}

func (r row) unprovenLadder(root string, seen map[testKey]outcome) string {
	text, err := os.ReadFile(filepath.Join(root, scenarioRoom, "testdata", r.proof))
	if err != nil {
		return err.Error()
	}
	if !asserts(string(text)) {
		return fmt.Sprintf("%s asserts nothing", r.proof)
	}
	if !speaksOf(string(text), r.rule) {
		return fmt.Sprintf("%s says nothing of %s", r.proof, r.rule)
	}
	stem, best := "/"+strings.TrimSuffix(r.proof, filepath.Ext(r.proof)), notRun
	for k, o := range seen {
		if k.pkg == module+"/"+scenarioRoom && strings.HasSuffix(k.test, stem) {
			best = max(best, o)
		}
	}
	if best != passed {
		return fmt.Sprintf("%s %v", r.proof, best)
	}
	return ""
}

// asserts reports whether a ladder holds our side to anything: behind the line
// of hyphens that ends a block's commands stands more than what other parties
// sent.
func asserts(ladder string) bool {
	recorded := false
	for line := range strings.Lines(ladder) {
		line = strings.TrimSpace(line)
		switch {
		case line == "----":
			recorded = true
		case line == "":
			recorded = false
		case !recorded || strings.HasPrefix(line, "#"):
		default:
			from, _, sent := strings.Cut(line, "->")
			if from = strings.TrimSpace(from); !sent || from == "border" || from == "core" {
				return true
			}
		}
	}
	return false
}

// testText returns the source of a test function with its comment.
func testText(folder, function string) (string, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		return "", err
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		files := token.NewFileSet()
		f, err := parser.ParseFile(files, path, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return "", err
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || fn.Name.Name != function {
				continue
			}
			from := fn.Pos()
			if fn.Doc != nil {
				from = fn.Doc.Pos()
			}
			return string(text[files.Position(from).Offset:files.Position(fn.End()).Offset]), nil
		}
	}
	return "", fmt.Errorf("no test file of %s has %s", folder, function)
}

// speaksOf reports whether text names the rule as a word: R6 is not in R60.
func speaksOf(text, rule string) bool {
	return regexp.MustCompile(`\b` + regexp.QuoteMeta(rule) + `\b`).MatchString(text)
}
