package profile

import (
	"embed"
	"slices"
)

//go:embed docomo.yaml au.yaml softbank.yaml generic.yaml ntt-ngn.yaml
var files embed.FS

// Source is the text of a profile.
type Source struct {
	Name string // what the profile is called
	File string // what faults call the file
	Text []byte
}

// Builtin returns the source of a built-in profile.
func Builtin(name string) (Source, bool) {
	if !slices.Contains(Names(), name) {
		return Source{}, false
	}
	file := name + ".yaml"
	text, err := files.ReadFile(file)
	if err != nil {
		return Source{}, false
	}
	return Source{Name: name, File: "builtin/" + file, Text: text}, true
}

// Names lists the built-in profiles.
func Names() []string { return []string{"docomo", "au", "softbank", "generic", "ntt-ngn"} }
