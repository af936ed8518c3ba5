package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// workshop compiles and runs the proofs. Most of the time goes into compiling,
// so a package's tests are compiled once without any fault, and each proof is
// run once without, however many faults it must notice.
type workshop struct {
	root, folder string                // the project, and where files go
	compiled     map[string]error      // by package
	sound        map[[2]string]verdict // by package and test
}

// verdict is what became of a proof without a fault.
type verdict struct {
	became outcome
	err    error
}

func newWorkshop(root string) (*workshop, error) {
	folder, err := os.MkdirTemp("", "mutants")
	return &workshop{root: root, folder: folder, compiled: map[string]error{}, sound: map[[2]string]verdict{}}, err
}

func (w *workshop) close() { _ = os.RemoveAll(w.folder) } // left files are in the system's folder for such

// without returns what becomes of a fault's proof without it.
func (w *workshop) without(ctx context.Context, m mutant) verdict {
	key := [2]string{m.folder, m.test}
	if v, ok := w.sound[key]; ok {
		return v
	}
	binary := filepath.Join(w.folder, strings.ReplaceAll(m.folder, "/", "_")+".test")
	err, ok := w.compiled[m.folder]
	if !ok {
		err = w.compile(ctx, m.folder, binary)
		w.compiled[m.folder] = err
	}
	v := verdict{err: err}
	if err == nil {
		v.became, _, v.err = w.run(ctx, binary, m)
	}
	w.sound[key] = v
	return v
}

// compile writes a package's tests as a program.
func (w *workshop) compile(ctx context.Context, folder, binary string, flags ...string) error {
	args := append([]string{"test", "-c", "-vet=off", "-o", binary}, flags...)
	_, err := w.command(ctx, w.root, append(args, "./"+folder)...)
	return err
}

// run runs one test of a compiled package as go test does, in the package's
// folder. said is its events.
func (w *workshop) run(ctx context.Context, binary string, m mutant) (became outcome, said []byte, err error) {
	said, _ = w.command(ctx, filepath.Join(w.root, m.folder), "tool", "test2json", "-p", module+"/"+m.folder, // the events tell
		binary, "-test.v=test2json", "-test.count=1", "-test.timeout=5m", "-test.paniconexit0", "-test.run", "^"+m.test+"$")
	seen, err := outcomes(bytes.NewReader(said))
	return seen[testKey{module + "/" + m.folder, m.test}], said, err
}

// command runs go in a folder and returns its standard output.
func (w *workshop) command(ctx context.Context, folder string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = folder
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	return out, err
}
