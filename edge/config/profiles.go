package config

import (
	"strings"

	"sekisho/policy/document"
	"sekisho/policy/profile"
)

// profiles reads the profiles that trunks name and keeps their faults, which
// stand in files of their own.
type profiles struct {
	sources map[string]profile.Source
	faults  []document.Fault
}

// effective returns the profile that v names with the overrides applied, or
// nil with the faults noted.
func (p *profiles) effective(v, override document.Value) *profile.Profile {
	var overrides []profile.Override
	for path, value := range override.Map().Each() {
		overrides = append(overrides, profile.Override{Path: path, Value: value.Node()})
	}
	source, ok := p.source(v)
	if !ok {
		return nil
	}
	read, faults := profile.Read(source, overrides)
	if len(faults) > 0 {
		p.faults = append(p.faults, faults...)
		return nil
	}
	return read
}

// source finds a built-in profile by name; whatever has a slash or a dot in it
// is the path of a file.
func (p *profiles) source(v document.Value) (profile.Source, bool) {
	name := v.String("")
	if name == "" {
		return profile.Source{}, false
	}
	if s, ok := p.sources[name]; ok {
		return s, true
	}
	s, ok := profile.Builtin(name)
	switch {
	case ok:
	case !strings.ContainsAny(name, "/."):
		v.Faultf("no built-in profile is called %q (there are %s); the path of a file has a slash in it", name, strings.Join(profile.Names(), ", "))
		return s, false
	default:
		text, err := readBounded(name)
		if err != nil {
			v.Faultf("cannot read the profile: %v", err)
			return s, false
		}
		s = profile.Source{Name: name, File: name, Text: text}
	}
	if p.sources == nil {
		p.sources = map[string]profile.Source{}
	}
	p.sources[name] = s
	return s, true
}
