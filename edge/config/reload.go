package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Reload returns what a running instance of c becomes when read takes its
// place: c itself with the tenants of read. Live calls name their tenant by its
// index, so every tenant keeps the place it has in c; a tenant that is gone
// leaves an empty one there, and new ones follow.
//
// later names the sections that differ otherwise: they take effect at the next
// start. Where trunks were added, removed or renamed nothing can be taken over,
// since tenants refer to them, and that is the error.
func (c *Config) Reload(read *Config) (next *Config, later []string, err error) {
	if was, is := trunkNames(c.Trunks), trunkNames(read.Trunks); !slices.Equal(was, is) {
		return nil, nil, fmt.Errorf("trunks were %s and would be %s: that needs a restart", strings.Join(was, ", "), strings.Join(is, ", "))
	}
	made := *c
	made.Tenants, made.Warnings = succeed(c.Tenants, read.Tenants), read.Warnings
	return &made, c.differs(read), nil
}

func trunkNames(trunks []Trunk) []string {
	names := make([]string, 0, len(trunks))
	for i := range trunks {
		names = append(names, trunks[i].Name)
	}
	return names
}

// succeed puts each of is where a tenant of its name was.
func succeed(was, is []Tenant) []Tenant {
	made := make([]Tenant, 0, len(was))
	left := slices.Clone(is)
	for i := range was {
		k := slices.IndexFunc(left, func(t Tenant) bool { return t.Name == was[i].Name })
		if k < 0 {
			made = append(made, gone(was[i].Name, i))
			continue
		}
		made = append(made, left[k])
		left = slices.Delete(left, k, k+1)
	}
	return append(made, left...)
}

// gone is the place of a tenant that is no more: nobody can call or be called,
// and the records of its last calls still have its name.
func gone(name string, place int) Tenant {
	return Tenant{Name: name, Domain: fmt.Sprintf("gone-%d.invalid", place)}
}

// differs names what differs beside the tenants.
func (c *Config) differs(o *Config) []string {
	var list []string
	note := func(name string, a, b any) {
		if !reflect.DeepEqual(a, b) {
			list = append(list, name)
		}
	}
	note("border", c.Border, o.Border)
	note("core", c.Core, o.Core)
	for i := range c.Trunks {
		note("trunks."+c.Trunks[i].Name, c.Trunks[i], o.Trunks[i])
	}
	note("timers", c.Timers, o.Timers)
	note("cdr", c.CDR, o.CDR)
	note("activity", c.Activity, o.Activity)
	note("metrics", c.Metrics, o.Metrics)
	note("log", c.Log, o.Log)
	note("prompts", c.Prompts, o.Prompts)
	return list
}
