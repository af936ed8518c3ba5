// Package doors keeps rooms apart: a test of each room walks the room's own
// files with go/parser and fails, with the reason, for an import or a call
// that the architecture forbids.
//
// It reads files rather than asking the go command, because the test cache
// does not notice a new import that only `go list` would show.
package doors

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Rule says what one room may import and whether it is a machine.
type Rule struct {
	// Allow lists import paths, or prefixes ending in "/...", that the room's
	// non-test files may import beside the standard library.
	Allow []string
	// Deny maps an import path (or prefix ending in "/...") to the reason it is
	// forbidden; it wins over Allow and applies to the standard library too.
	Deny map[string]string
	// Machine forbids what would make a replay differ: goroutines, channels,
	// the wall clock, locks, sockets, files, logging, global randomness, and
	// those calls of the SIP library that hide randomness or goroutines.
	Machine bool
	// Ebbs forbids the built-in delete: the room's tables grow with the calls, and
	// shrink with them only by media/ebb.
	Ebbs bool
	// Except names files (base names) that the Machine rule spares, each with
	// the reason: the rim of a room that is otherwise pure.
	Except map[string]string
}

var machineImports = map[string]string{
	"os":           "a machine reads no files",
	"net":          "a machine opens no sockets; net/netip is enough",
	"sync":         "a machine has one owner",
	"sync/atomic":  "a machine has one owner",
	"log":          "a machine returns actions instead of logging",
	"log/slog":     "a machine returns actions instead of logging",
	"math/rand":    "randomness is passed in",
	"crypto/rand":  "randomness is passed in",
	"runtime":      "a machine knows no scheduler",
	"context":      "a machine is stepped, not cancelled",
	"math/rand/v2": "randomness is passed in",
}

var machineCalls = map[string]string{
	"time.Now":                      "now is an argument",
	"time.Since":                    "now is an argument",
	"time.Until":                    "now is an argument",
	"time.After":                    "deadlines are returned, not waited for",
	"time.AfterFunc":                "deadlines are returned, not waited for",
	"time.NewTimer":                 "deadlines are returned, not waited for",
	"time.NewTicker":                "deadlines are returned, not waited for",
	"time.Sleep":                    "a machine never waits",
	"sip.NewResponseFromRequest":    "it adds a random tag",
	"sip.NewSDPResponseFromRequest": "it adds a random tag",
	"sip.GenerateBranch":            "branches come from a source passed in",
	"sip.GenerateBranchN":           "branches come from a source passed in",
	"sip.GenerateTagN":              "tags come from a source passed in",
	"sip.NewClientTx":               "transactions are ours",
	"sip.NewServerTx":               "transactions are ours",
	"sip.SetTimers":                 "timers are values of a table, not globals",
	"sip.NewTransactionLayer":       "transactions are ours",
	"sip.NewTransportLayer":         "transports are ours",
}

// Check walks the test's own directory and reports each violation of r.
func Check(t *testing.T, r Rule) {
	t.Helper()
	for _, v := range Walk(t, ".", r) {
		t.Error(v)
	}
}

// Walk returns the violations in dir's non-test Go files, in file order.
func Walk(t *testing.T, dir string, r Rule) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatalf("read room: %v", err)
	}
	var found []string
	files := 0
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		files++
		src, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatalf("read %s: %v", name, err)
		}
		found = append(found, violations(t, name, src, r)...)
	}
	if files == 0 {
		t.Fatalf("no Go file in %s: the door guards nothing", dir)
	}
	return found
}

func violations(t *testing.T, name string, src []byte, r Rule) []string {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatalf("parse: %v", err)
	}
	_, spared := r.Except[name]
	machine := r.Machine && !spared
	var found []string
	say := func(p token.Pos, what, why string) {
		found = append(found, fset.Position(p).String()+": "+what+": "+why)
	}
	for _, im := range f.Imports {
		path, _ := strconv.Unquote(im.Path.Value)
		if why, ok := match(r.Deny, path); ok {
			say(im.Pos(), "import "+path, why)
			continue
		}
		if machine {
			if why, ok := machineImports[path]; ok {
				say(im.Pos(), "import "+path, why)
				continue
			}
		}
		if !standard(path) && !allowed(r.Allow, path) {
			say(im.Pos(), "import "+path, "not among this room's allowed imports")
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && r.Ebbs {
			if x, ok := call.Fun.(*ast.Ident); ok && x.Name == "delete" {
				say(n.Pos(), "delete", "ebb.Delete gives a crowd's memory back")
			}
		}
		if !machine {
			return true
		}
		switch n := n.(type) {
		case *ast.GoStmt:
			say(n.Pos(), "go statement", "a machine starts nothing")
		case *ast.ChanType:
			say(n.Pos(), "channel", "a machine returns values")
		case *ast.SendStmt:
			say(n.Pos(), "channel send", "a machine returns values")
		case *ast.SelectStmt:
			say(n.Pos(), "select", "a machine returns values")
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok {
				if why, bad := machineCalls[x.Name+"."+n.Sel.Name]; bad {
					say(n.Pos(), x.Name+"."+n.Sel.Name, why)
				}
			}
		}
		return true
	})
	return found
}

func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".") && first != "sekisho"
}

func allowed(list []string, path string) bool {
	return slices.ContainsFunc(list, func(p string) bool { return covers(p, path) })
}

func match(deny map[string]string, path string) (string, bool) {
	for p, why := range deny {
		if covers(p, path) {
			return why, true
		}
	}
	return "", false
}

func covers(pattern, path string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "/..."); ok {
		return path == prefix || strings.HasPrefix(path, prefix+"/")
	}
	return pattern == path
}
