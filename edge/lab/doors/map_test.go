package doors

import (
	"cmp"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const root = "../../.."

// packageImports returns the folders that hold Go packages, from the project's
// top, each with the folders of this project that its non-test files import.
func packageImports(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if file != root && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		rel, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		folder := filepath.ToSlash(rel)
		if _, ok := found[folder]; !ok {
			found[folder] = nil
		}
		if strings.HasSuffix(name, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, im := range f.Imports {
			p, err := strconv.Unquote(im.Path.Value)
			if err != nil {
				return err
			}
			if to, ok := strings.CutPrefix(p, "sekisho/"); ok {
				found[folder] = append(found[folder], to)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 10 {
		t.Fatalf("found only %d packages below %s", len(found), root)
	}
	return found
}

// TestReadmeMap compares the README's map of rooms with the folders: each
// package is named, itself or a room above it, and each name exists.
func TestReadmeMap(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	named, err := readMap(string(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, room := range named {
		if _, err := os.Stat(filepath.Join(root, room)); err != nil {
			t.Errorf("README's map names %s: %v", room, err)
		}
	}
	for folder := range packageImports(t) {
		if !onMap(named, folder) {
			t.Errorf("README's map does not name %s", folder)
		}
	}
}

// readMap returns the first word of each line of the fenced block that opens
// with "```text map", without a closing slash.
func readMap(readme string) ([]string, error) {
	_, block, ok := strings.Cut(readme, "\n```text map\n")
	if !ok {
		return nil, fmt.Errorf("README has no block that opens with ```text map")
	}
	block, _, ok = strings.Cut(block, "\n```\n")
	if !ok {
		return nil, fmt.Errorf("README's map has no end")
	}
	var named []string
	for line := range strings.Lines(block) {
		if words := strings.Fields(line); len(words) > 0 {
			named = append(named, strings.TrimSuffix(words[0], "/"))
		}
	}
	return named, nil
}

// onMap reports whether the folder is named. A name covers what is below it,
// but a top-level one only itself, or the map would be edge, media, policy.
func onMap(named []string, folder string) bool {
	for f := folder; ; f = path.Dir(f) {
		if slices.Contains(named, f) && (f == folder || strings.Contains(f, "/")) {
			return true
		}
		if f == "." {
			return false
		}
	}
}

func TestReadMap(t *testing.T) {
	named, err := readMap("# x\n```text map\npolicy/     decisions\n\nedge/sip/   a stack\n```\nmore\n")
	if err != nil || !slices.Equal(named, []string{"policy", "edge/sip"}) {
		t.Errorf("%q, %v", named, err)
	}
	for folder, want := range map[string]bool{"policy": true, "policy/number": false, "edge/sip": true, "edge/sip/leg": true, "edge/sipx": false, ".": false} {
		if onMap(named, folder) != want {
			t.Errorf("%s is on the map: %v", folder, !want)
		}
	}
	if _, err := readMap("# no map\n"); err == nil {
		t.Error("a README without a map was accepted")
	}
}

// TestRoomsHaveNoCircle looks at the import graph from afar. Go refuses a
// circle of packages; here folders count as one with all that is below them,
// seen from the top level, then from one and two levels below.
func TestRoomsHaveNoCircle(t *testing.T) {
	packages := packageImports(t)
	for depth := 1; depth <= 3; depth++ {
		if c := circle(fold(packages, depth)); c != nil {
			t.Errorf("rooms %d deep import each other in a circle: %s", depth, strings.Join(c, " -> "))
		}
	}
}

// fold joins packages into rooms of at most depth path elements. A package
// that has others below it stays a room of its own where the depth allows.
func fold(packages map[string][]string, depth int) map[string][]string {
	room := func(folder string) string {
		parts := strings.Split(folder, "/")
		return strings.Join(parts[:min(depth, len(parts))], "/")
	}
	rooms := map[string][]string{}
	for folder, imports := range packages {
		from := room(folder)
		for _, im := range imports {
			if to := room(im); to != from && !slices.Contains(rooms[from], to) {
				rooms[from] = append(rooms[from], to)
			}
		}
	}
	return rooms
}

// circle returns a circle of the graph, its first room again at its end, or
// nil.
func circle(graph map[string][]string) []string {
	const (
		unseen = iota
		above  // on the way here
		done
	)
	state := map[string]int{}
	var way, found []string
	var visit func(string) bool
	visit = func(room string) bool {
		state[room] = above
		way = append(way, room)
		for _, to := range slices.Sorted(slices.Values(graph[room])) {
			switch state[to] {
			case above:
				found = append(slices.Clone(way[slices.Index(way, to):]), to)
				return true
			case unseen:
				if visit(to) {
					return true
				}
			}
		}
		state[room] = done
		way = way[:len(way)-1]
		return false
	}
	rooms := make([]string, 0, len(graph))
	for room := range graph {
		rooms = append(rooms, room)
	}
	slices.SortFunc(rooms, cmp.Compare)
	for _, room := range rooms {
		if state[room] == unseen && visit(room) {
			return found
		}
	}
	return nil
}

func TestCircle(t *testing.T) {
	packages := map[string][]string{
		"edge":         {"edge/core", "edge/sip/leg"},
		"edge/core":    {"edge/sip/leg", "media"},
		"edge/sip/leg": {"edge/sip/header", "media"},
		"media":        nil,
		"edge/cdr":     {"edge/sip/cause"},
	}
	for depth := 1; depth <= 3; depth++ {
		if c := circle(fold(packages, depth)); c != nil {
			t.Errorf("depth %d: %v", depth, c)
		}
	}
	packages["edge/sip/header"] = []string{"edge/cdr"} // no circle of packages, but one of edge/sip and edge/cdr
	if c := circle(fold(packages, 3)); c != nil {
		t.Errorf("depth 3: %v", c)
	}
	if c := circle(fold(packages, 2)); !slices.Equal(c, []string{"edge/sip", "edge/cdr", "edge/sip"}) {
		t.Errorf("depth 2: %v", c)
	}
}
