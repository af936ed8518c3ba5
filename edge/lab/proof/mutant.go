package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// mutant is one deliberate fault and the test that must notice it.
type mutant struct {
	name           string
	file, old, new string
	folder, test   string // the proof
}

// checkMutants checks the named faults, or all.
func checkMutants(ctx context.Context, names []string, out io.Writer) error {
	text, err := os.ReadFile("fuzz/mutants.txt")
	if err != nil {
		return err
	}
	all, err := readMutants(string(text))
	if err != nil {
		return err
	}
	if all, err = pick(all, names); err != nil {
		return err
	}
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	w, err := newWorkshop(root)
	if err != nil {
		return err
	}
	defer w.close()
	var faults []error
	for _, m := range all {
		began := time.Now()
		err := m.check(ctx, w)
		if err != nil {
			faults = append(faults, fmt.Errorf("mutant %s: %w", m.name, err))
			fmt.Fprintf(out, "%-24s not noticed\n", m.name)
			continue
		}
		fmt.Fprintf(out, "%-24s noticed by %s in %s, %.1f s\n", m.name, m.test, m.folder, time.Since(began).Seconds())
	}
	return errors.Join(faults...)
}

// pick returns the faults of these names, in the file's order; all without any.
func pick(all []mutant, names []string) ([]mutant, error) {
	for _, n := range names {
		if !slices.ContainsFunc(all, func(m mutant) bool { return m.name == n }) {
			return nil, fmt.Errorf("no fault is called %q", n)
		}
	}
	return slices.DeleteFunc(all, func(m mutant) bool { return len(names) > 0 && !slices.Contains(names, m.name) }), nil
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

func (m mutant) check(ctx context.Context, w *workshop) error {
	overlay, err := m.overlay(w)
	if err != nil {
		return err
	}
	switch o := w.without(ctx, m); {
	case o.err != nil:
		return fmt.Errorf("without the fault: %w", o.err)
	case o.became != passed:
		return fmt.Errorf("without the fault %s in %s %v", m.test, m.folder, o.became)
	}
	binary := filepath.Join(w.folder, "faulty.test")
	if err := w.compile(ctx, m.folder, binary, "-overlay", overlay); err != nil {
		return fmt.Errorf("does not compile with the fault: %w", err)
	}
	became, said, err := w.run(ctx, binary, m)
	switch {
	case err != nil:
		return fmt.Errorf("with the fault: %w", err)
	case became != failed:
		return fmt.Errorf("with the fault %s in %s %v", m.test, m.folder, became)
	}
	// test2json gives a panic's and a time-out's first line to the test.
	for _, crash := range []string{`"panic: `, `"fatal error: `} {
		if bytes.Contains(said, []byte(crash)) {
			return fmt.Errorf("with the fault %s panics instead of failing an assertion", m.test)
		}
	}
	return nil
}

// overlay writes the changed file and tells the compiler where it is.
func (m mutant) overlay(w *workshop) (string, error) {
	path := filepath.Join(w.root, m.file)
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if n := bytes.Count(text, []byte(m.old)); n != 1 {
		return "", fmt.Errorf("%s holds %q %d times, want once", m.file, m.old, n)
	}
	changed := filepath.Join(w.folder, "changed.go")
	if err := os.WriteFile(changed, bytes.Replace(text, []byte(m.old), []byte(m.new), 1), 0o644); err != nil {
		return "", err
	}
	list, err := json.Marshal(map[string]map[string]string{"Replace": {path: changed}})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(w.folder, "overlay.json")
	return overlay, os.WriteFile(overlay, list, 0o644)
}
