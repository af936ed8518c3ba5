package document

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Value is one place in a document: what stands there, or that nothing does.
// A value below something missing is silent: it returns defaults and notes no
// fault. Values may be kept to report a fault found later.
type Value struct {
	reader *Reader
	owner  *Node  // the map or list it belongs to; nil when that is missing too
	node   *Node  // nil when absent
	entry  *entry // where its key stands, when it has one
	name   string
	// Where the owner stands, for a value that is absent.
	line, column int
}

// Present reports whether anything but nothing stands here.
func (v Value) Present() bool { return v.node != nil && v.node.kind != Empty }

// Written reports whether the key was written at all, even without a value.
func (v Value) Written() bool { return v.node != nil }

// Node returns the node, or nil when absent. It makes every key below known:
// whoever takes the node answers for what is in it.
func (v Value) Node() *Node {
	v.knowAll(v.node)
	return v.node
}

// Kind returns the shape of what stands here; Empty when absent.
func (v Value) Kind() Kind {
	if v.node == nil {
		return Empty
	}
	return v.node.kind
}

// Line returns the line of the key, or of the value where there is no key, or
// of the owner when absent; 0 when all are missing.
func (v Value) Line() int {
	line, _ := v.position()
	return line
}

// Faultf notes a fault here.
func (v Value) Faultf(format string, args ...any) {
	if f, ok := v.report(fmt.Sprintf(format, args...)); ok {
		v.reader.fault(f)
	}
}

// Warnf notes a warning here: the document stays valid.
func (v Value) Warnf(format string, args ...any) {
	if f, ok := v.report(fmt.Sprintf(format, args...)); ok {
		v.reader.warn(f)
	}
}

// Required notes a fault when the value is absent or empty and returns a silent
// value then, since one absence is one fault; otherwise it returns v.
func (v Value) Required() Value {
	switch {
	case v.node == nil:
		v.Faultf("missing")
	case v.node.kind == Empty:
		v.Faultf("is empty")
	default:
		return v
	}
	return Value{}
}

// Map opens the value as a map. Absent reads as a map that is missing.
func (v Value) Map() *MapReader {
	m := &MapReader{reader: v.reader}
	if !v.Present() {
		return m
	}
	if v.node.kind != Map {
		v.wants("a map")
		return m
	}
	a := v.reader.asked[v.node]
	if a == nil {
		a = &asking{known: map[string]bool{}}
		v.reader.asked[v.node] = a
	}
	m.node, m.asking = v.node, a
	m.line, m.column = v.position()
	return m
}

// List returns the items of a list, in order.
func (v Value) List() []Value {
	if !v.Present() {
		return nil
	}
	if v.node.kind != List {
		v.wants("a list, as in [a, b]")
		return nil
	}
	items := make([]Value, len(v.node.items))
	for i, n := range v.node.items {
		items[i] = Value{reader: v.reader, owner: v.node, node: n}
	}
	return items
}

// Strings returns a list of strings, each read as String reads it.
func (v Value) Strings() []string {
	var list []string
	for _, item := range v.List() {
		list = append(list, item.Required().String(""))
	}
	return list
}

// String returns text: quoted, or plain text that no YAML reader takes for
// anything but text or a plain whole number. A bare number with leading zeros
// is a fault, because it is octal to some readers and loses its zeros in
// others.
func (v Value) String(def string) string {
	text, ok := v.scalar("text")
	if !ok {
		return def
	}
	if v.node.quoted {
		return text
	}
	switch {
	case leadingZero(text):
		v.Faultf(`put it in quotes: "%s"; a bare number loses its leading zeros`, excerpt(text))
		return def
	case isWhole(text):
		return text
	case isWord(text), isNumber(text):
		v.Faultf(`not text as written; put it in quotes: "%s"`, excerpt(text))
		return def
	}
	return text
}

// Int returns a whole number between lo and hi, both included.
func (v Value) Int(def, lo, hi int) int {
	text, ok := v.scalar("a whole number")
	if !ok {
		return def
	}
	if v.node.quoted || !isWhole(text) {
		v.wants("a whole number")
		return def
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < lo || n > hi {
		v.Faultf("%s is not between %d and %d", excerpt(text), lo, hi)
		return def
	}
	return n
}

// Bool returns true or false.
func (v Value) Bool(def bool) bool {
	text, ok := v.scalar("true or false")
	if !ok {
		return def
	}
	if v.node.quoted || text != "true" && text != "false" {
		v.wants("true or false")
		return def
	}
	return text == "true"
}

// Duration returns a time such as "300s" or "1m30s" between lo and hi, both
// included. A number without a unit is a fault.
func (v Value) Duration(def, lo, hi time.Duration) time.Duration {
	text, ok := v.scalar("a duration, as in 300s")
	if !ok {
		return def
	}
	d, err := time.ParseDuration(text)
	switch {
	case isWhole(text):
		v.Faultf("%s has no unit; write it as in %ss", excerpt(text), excerpt(text))
		return def
	case err != nil:
		v.wants("a duration, as in 300s")
		return def
	case d < lo || d > hi:
		v.Faultf("%s is not between %s and %s", excerpt(text), lo, hi)
		return def
	}
	return d
}

// Enum returns one of the words; the fault for another lists them. It returns
// def when absent.
func (v Value) Enum(def string, words ...string) string {
	text, ok := v.scalar("one of " + strings.Join(words, ", "))
	if !ok {
		return def
	}
	for _, w := range words {
		if w == text {
			return w
		}
	}
	message := fmt.Sprintf("%q is not one of %s", excerpt(text), strings.Join(words, ", "))
	if near := nearest(text, words); near != "" {
		message += fmt.Sprintf("; did you mean %q?", near)
	}
	v.Faultf("%s", message)
	return def
}

// Secret says where a secret is kept. At most one field is set; the zero
// Secret means that none was given.
type Secret struct {
	Env  string // name of an environment variable
	File string // path of a file that holds the secret and nothing else
}

// Secret returns a reference to a secret: {env: NAME} or {file: PATH}. A
// secret written into the file itself is a fault, which does not repeat it.
func (v Value) Secret() Secret {
	if !v.Present() {
		return Secret{}
	}
	if v.node.kind != Map {
		v.Faultf("a secret is never written here; use {env: NAME} or {file: PATH}")
		return Secret{}
	}
	m := v.Map()
	env, file := m.Key("env"), m.Key("file")
	if env.Present() == file.Present() {
		v.Faultf("needs either {env: NAME} or {file: PATH}")
		return Secret{}
	}
	s := Secret{Env: env.String(""), File: file.String("")}
	if env.Present() && !isEnvironmentName(s.Env) {
		env.Faultf("not the name of an environment variable")
	}
	return s
}

// scalar returns the text of a single value; ok is false when it is absent or
// of another shape, the latter with a fault.
func (v Value) scalar(want string) (text string, ok bool) {
	if v.node == nil {
		return "", false
	}
	if v.node.kind != Scalar {
		v.wants(want)
		return "", false
	}
	return v.node.text, true
}

func (v Value) wants(want string) {
	switch v.node.kind {
	case Scalar:
		v.Faultf("wants %s, not %q", want, excerpt(v.node.text))
	case Empty:
		v.Faultf("is empty; wants %s", want)
	default:
		v.Faultf("wants %s, not %s", want, v.node.kind)
	}
}

func (v Value) report(message string) (Fault, bool) {
	if v.owner == nil && v.node == nil {
		return Fault{}, false
	}
	f := Fault{Message: message}
	f.Line, f.Column = v.position()
	if v.node != nil {
		f.File, f.Key = v.node.file, v.node.path
	} else {
		f.File, f.Key = v.owner.file, join(v.owner.path, v.name)
	}
	return f, true
}

func (v Value) position() (line, column int) {
	switch {
	case v.entry != nil:
		return v.entry.line, v.entry.column
	case v.node != nil:
		return v.node.line, v.node.column
	}
	return v.line, v.column
}

func (v Value) knowAll(n *Node) {
	if n == nil {
		return
	}
	if n.kind == Map {
		v.reader.asked[n] = &asking{known: map[string]bool{}, all: true}
	}
	for _, e := range n.entries {
		v.knowAll(e.value)
	}
	for _, item := range n.items {
		v.knowAll(item)
	}
}

func isWhole(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	return digits != "" && allDigits(digits) && (digits == "0" || digits[0] != '0')
}

func leadingZero(s string) bool {
	s = strings.TrimLeft(s, "+-")
	return len(s) > 1 && s[0] == '0' && allDigits(strings.ReplaceAll(s, "_", ""))
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// isWord reports the plain words that one YAML version or another reads as
// something else than text. "on" and "off" stay text: they are words of
// several settings, which are read as text here.
func isWord(s string) bool {
	switch strings.ToLower(s) {
	case "true", "false", "null", "~", ".inf", "-.inf", "+.inf", ".nan":
		return true
	}
	return false
}

// isNumber reports what a YAML reader may take for a number that is not plain
// and whole: 1.5, 1e3, 0x10, +5, 1_000.
func isNumber(s string) bool {
	if s == "" || strings.IndexByte("+-.0123456789", s[0]) < 0 {
		return false
	}
	bare := strings.ReplaceAll(s, "_", "")
	if _, err := strconv.ParseFloat(bare, 64); err == nil {
		return true
	}
	_, err := strconv.ParseInt(bare, 0, 64)
	return err == nil
}

func isEnvironmentName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// excerpt keeps a fault short whatever the file holds.
func excerpt(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
