// Package document turns one YAML file into nodes that know where they stand,
// and lets a reader pull typed values out of them while every fault of the
// file is collected, each with its line and key.
//
// The configuration and the carrier profiles are read through it, and it is
// the only package that knows the YAML module.
//
// # Strictness
//
// A file that runs a telephone exchange should mean one thing only, so the
// dialect is small: one document of maps, lists and scalars. Duplicate keys,
// tabs as indentation, anchors, aliases, merge keys, tags, directives and
// keys that are not scalars are faults. Refusing aliases altogether also
// refuses the files that explode when aliases are followed. Size, nesting and
// the number of keys in one map are bounded before the parser sees them.
//
// # Reading
//
//	r := document.Read("sekisho.yaml", src)
//	root := r.Root()
//	cdr := root.Key("cdr").Map()
//	file := cdr.Key("file").Required().String("")
//	ring := root.Key("timers").Map().Key("ring").Duration(30*time.Second, 0, time.Hour)
//	for name, v := range root.Key("trunks").Map().Each() { … }   // file order
//	if faults := r.Faults(); len(faults) > 0 { … }
//
// Reading never stops at a fault: a wrong value is noted and the default is
// returned, so that a caller writes straight code and asks once, at the end.
// Reading below something that is missing is silent: one absence is one fault.
// Faults adds every key that nobody asked for, with a suggestion when it looks
// like one that was asked for; the keys a reader asks for are the schema.
//
// A trunk may override parts of its profile: Overlay puts one node in place of
// another and keeps the file and line of each, so that a fault in an override
// points at the override.
package document
