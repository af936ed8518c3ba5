package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// mutant is one deliberate fault and the test that must notice it.
type mutant struct {
	name           string
	file, old, new string
	folder, test   string // the proof
}

func checkMutants(ctx context.Context, out io.Writer) error {
	text, err := os.ReadFile("fuzz/mutants.txt")
	if err != nil {
		return err
	}
	all, err := readMutants(string(text))
	if err != nil {
		return err
	}
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	var faults []error
	for _, m := range all {
		began := time.Now()
		err := m.check(ctx, root)
		if err != nil {
			faults = append(faults, fmt.Errorf("mutant %s: %w", m.name, err))
			fmt.Fprintf(out, "%-24s not noticed\n", m.name)
			continue
		}
		fmt.Fprintf(out, "%-24s noticed by %s in %s, %.1f s\n", m.name, m.test, m.folder, time.Since(began).Seconds())
	}
	return errors.Join(faults...)
}

func readMutants(text string) ([]mutant, error) {
	var all []mutant
	var m mutant
	keys := map[string]bool{}
	finish := func(line int) error {
		if len(keys) == 0 {
			return nil
		}
		for _, k := range []string{"mutant", "file", "old", "new", "proof"} {
			if !keys[k] {
				return fmt.Errorf("mutants.txt:%d: the fault above has no %s", line, k)
			}
		}
		all = append(all, m)
		m = mutant{}
		clear(keys)
		return nil
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "#") {
			continue
		}
		if strings.TrimSpace(line) == "" {
			if err := finish(i + 1); err != nil {
				return nil, err
			}
			continue
		}
		key, value, _ := strings.Cut(line, " ")
		value = strings.TrimLeft(value, " ")
		if keys[key] {
			return nil, fmt.Errorf("mutants.txt:%d: %s stands there twice", i+1, key)
		}
		keys[key] = true
		ok := true
		switch key {
		case "mutant":
			m.name = value
		case "file":
			m.file = value
		case "old":
			m.old = value
			ok = value != ""
		case "new":
			m.new = value
		case "proof":
			m.folder, m.test, ok = strings.Cut(value, " ")
		default:
			ok = false
		}
		if !ok {
			return nil, fmt.Errorf("mutants.txt:%d: cannot read %q", i+1, line)
		}
	}
	if err := finish(len(lines)); err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, errors.New("mutants.txt holds no fault")
	}
	return all, nil
}

func (m mutant) check(ctx context.Context, root string) error {
	folder, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	overlay, err := m.overlay(root, folder)
	if err != nil {
		return err
	}
	run := []string{"test", "-json", "-count=1", "-vet=off", "-timeout=5m", "-run", "^" + m.test + "$", "./" + m.folder}
	if err := m.passes(ctx, root, run); err != nil {
		return err
	}
	if said, err := command(ctx, root, "test", "-overlay", overlay, "-vet=off", "-c", "-o", filepath.Join(folder, "test"), "./"+m.folder); err != nil {
		return fmt.Errorf("does not compile with the fault: %w\n%s", err, said)
	}
	return m.fails(ctx, root, append(run[:1:1], append([]string{"-overlay", overlay}, run[1:]...)...))
}

// overlay writes the changed file and tells the compiler where it is.
func (m mutant) overlay(root, folder string) (string, error) {
	path := filepath.Join(root, m.file)
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if n := bytes.Count(text, []byte(m.old)); n != 1 {
		return "", fmt.Errorf("%s holds %q %d times, want once", m.file, m.old, n)
	}
	changed := filepath.Join(folder, filepath.Base(m.file))
	if err := os.WriteFile(changed, bytes.Replace(text, []byte(m.old), []byte(m.new), 1), 0o644); err != nil {
		return "", err
	}
	list, err := json.Marshal(map[string]map[string]string{"Replace": {path: changed}})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(folder, "overlay.json")
	return overlay, os.WriteFile(overlay, list, 0o644)
}

func (m mutant) passes(ctx context.Context, root string, args []string) error {
	said, _ := command(ctx, root, args...) // the events tell
	seen, err := outcomes(bytes.NewReader(said))
	if err != nil {
		return fmt.Errorf("proof without the fault: %w", err)
	}
	if o := seen[testKey{module + "/" + m.folder, m.test}]; o != passed {
		return fmt.Errorf("without the fault %s in %s %v", m.test, m.folder, o)
	}
	return nil
}

func (m mutant) fails(ctx context.Context, root string, args []string) error {
	said, _ := command(ctx, root, args...)
	seen, err := outcomes(bytes.NewReader(said))
	if err != nil {
		return fmt.Errorf("proof with the fault: %w", err)
	}
	if o := seen[testKey{module + "/" + m.folder, m.test}]; o != failed {
		return fmt.Errorf("with the fault %s in %s %v", m.test, m.folder, o)
	}
	// test2json gives a panic's and a time-out's first line to the test.
	for _, crash := range []string{`"panic: `, `"fatal error: `} {
		if bytes.Contains(said, []byte(crash)) {
			return fmt.Errorf("with the fault %s panics instead of failing an assertion", m.test)
		}
	}
	return nil
}

// command runs go and returns its standard output.
func command(ctx context.Context, root string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	return out, err
}
