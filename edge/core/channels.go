package core

import (
	"slices"
	"strconv"
	"strings"

	"sekisho/edge/sip/ua"
)

// Channels is how a tenant uses its mobile channels (SPEC R12).
type Channels struct {
	Tenant string
	// Used are those of legs that stand or ring, Peak the most there have been
	// since the start, of Limit.
	Used, Peak, Limit int
	// Refused counts calls, transfers and members of a group that found none.
	Refused uint64
}

// gauge is what is remembered of a tenant's channels. It outlives its calls, but
// no restart.
type gauge struct {
	peak    int
	refused uint64
	alarmed bool
}

// Channels returns how the tenants of the directory use their channels, by name.
func (c *Core) Channels() []Channels {
	var list []Channels
	for name, t := range c.directory.tenants {
		g := c.gauges[name]
		list = append(list, Channels{Tenant: name, Used: c.busyChannels(name), Peak: g.peak, Limit: t.channels, Refused: g.refused})
	}
	slices.SortFunc(list, func(a, b Channels) int { return strings.Compare(a.Tenant, b.Tenant) })
	return list
}

// measure takes a new leg of a mobile into account, and warns once when four in
// five channels are in use, again only after there were three.
func (s *step) measure(k *call) {
	used, limit, g := s.busyChannels(k.Tenant), s.tenantOf(k).channels, s.gauges[k.Tenant]
	g.peak = max(g.peak, used)
	switch {
	case !g.alarmed && used*5 >= limit*4:
		g.alarmed = true
		s.note(ua.Warn, k, "mobile channels nearly all in use", "used", strconv.Itoa(used), "channels", strconv.Itoa(limit))
	case used*5 <= limit*3:
		g.alarmed = false
	}
	s.gauges[k.Tenant] = g
}

// lacked counts what found no channel.
func (s *step) lacked(k *call) {
	g := s.gauges[k.Tenant]
	g.refused++
	s.gauges[k.Tenant] = g
}
