package node

import (
	"net/netip"

	"sekisho/edge/config"
	"sekisho/edge/core"
	"sekisho/edge/sip/flow"
)

// Directory turns the configuration's tenants into the core's directory.
func Directory(c *config.Config, secrets Secrets) []core.Tenant {
	list := make([]core.Tenant, 0, len(c.Tenants))
	for i := range c.Tenants {
		list = append(list, coreTenant(&c.Tenants[i], c.Core.Phones, secrets))
	}
	return list
}

func coreTenant(t *config.Tenant, listeners []netip.AddrPort, secrets Secrets) core.Tenant {
	made := core.Tenant{Name: t.Name, Domain: t.Domain, DefaultNumber: t.DefaultNumber, Channels: t.Channels, Park: core.Park(t.Park), Features: core.Features(t.Features)}
	for _, d := range t.Numbers {
		made.Numbers = append(made.Numbers, core.DID(d))
	}
	for _, m := range t.Mobiles {
		made.Mobiles = append(made.Mobiles, core.Mobile{Extension: m.Extension, MSISDN: m.MSISDN, Number: m.Number, Plain: m.Plain})
	}
	for _, p := range t.Phones {
		made.Phones = append(made.Phones, core.Phone{
			Extension: p.Extension, Contact: phoneFlow(p.Contact, listeners), Number: p.Number, Softphone: p.Kind == config.Softphone,
			Secret: secrets[phoneName{t.Name, string(p.Extension)}],
		})
	}
	made.Menus = coreMenus(t.IVRs)
	for _, g := range t.Groups {
		made.Groups = append(made.Groups, core.Group{
			Extension: g.Extension, Strategy: core.Strategy(g.Strategy), Members: coreMembers(g.Members),
			Timeout: g.Timeout, Turn: g.Turn, Unreached: core.Unreached(g.Unreached), Accept: g.Accept == config.ByKey, Overflow: g.Overflow,
			ShowCaller: t.Display.RingGroup == config.ShowCaller, Number: g.Number,
		})
	}
	for _, cc := range t.CallCentres {
		made.Groups = append(made.Groups, core.Group{
			Extension: cc.Extension, Queues: true, Music: music(cc.Music), Strategy: core.Strategy(cc.Strategy), Members: coreMembers(cc.Members),
			Timeout: cc.Timeout, Turn: cc.Turn, Unreached: core.Unreached(cc.Unreached), Accept: cc.Accept == config.ByKey, Overflow: cc.Overflow,
			ShowCaller: t.Display.CallCentre == config.ShowCaller, Number: cc.Number,
		})
	}
	return made
}

func coreMembers(members []config.Member) []core.Member {
	list := make([]core.Member, 0, len(members))
	for _, m := range members {
		list = append(list, core.Member(m))
	}
	return list
}

func coreMenus(ivrs []config.IVR) []core.Menu {
	var list []core.Menu
	for _, i := range ivrs {
		m := core.Menu{Extension: i.Extension, Otherwise: i.Otherwise, Timeout: i.Timeout}
		if i.Greeting != "" {
			m.Greeting = music(i.Greeting)
		}
		for _, o := range i.Options {
			m.Options = append(m.Options, core.Option(o))
		}
		list = append(list, m)
	}
	return list
}

// music is the key of a recording's clip.
func music(name string) string {
	if name == "default" {
		return ""
	}
	return "music/" + name
}

// phoneFlow is how the core reaches a phone: over the first of the phones'
// listeners of the contact's IP version. Listener 0 of the core is the seam. A
// phone that no listener reaches is nowhere.
func phoneFlow(contact netip.AddrPort, listeners []netip.AddrPort) flow.Flow {
	if !contact.IsValid() {
		return flow.Flow{}
	}
	for i, l := range listeners {
		if l.Addr().Unmap().Is4() == contact.Addr().Unmap().Is4() {
			return flow.Flow{Listener: flow.Listener(i + 1), Remote: netip.AddrPortFrom(contact.Addr().Unmap(), contact.Port())}
		}
	}
	return flow.Flow{}
}
