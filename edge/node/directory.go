package node

import (
	"net/netip"

	"sekisho/edge/config"
	"sekisho/edge/core"
	"sekisho/edge/sip/flow"
	"sekisho/policy/number"
)

// coreTenants turns the configuration's tenants into the core's directory.
func coreTenants(c *config.Config, secrets Secrets) []core.Tenant {
	list := make([]core.Tenant, 0, len(c.Tenants))
	for i := range c.Tenants {
		list = append(list, coreTenant(&c.Tenants[i], c.Core.Phones, secrets))
	}
	return list
}

func coreTenant(t *config.Tenant, listeners []netip.AddrPort, secrets Secrets) core.Tenant {
	made := core.Tenant{Name: t.Name, Domain: t.Domain, DefaultNumber: t.DefaultNumber, Channels: t.Channels, Park: core.Park(t.Park)}
	for _, d := range t.Numbers {
		made.Numbers = append(made.Numbers, core.DID(d))
	}
	for _, m := range t.Mobiles {
		made.Mobiles = append(made.Mobiles, core.Mobile{Extension: m.Extension, MSISDN: m.MSISDN, Number: m.Number})
	}
	for _, p := range t.Phones {
		made.Phones = append(made.Phones, core.Phone{
			Extension: p.Extension, Contact: phoneFlow(p.Contact, listeners), Number: p.Number, Softphone: p.Kind == config.Softphone,
			Secret: secrets[phoneName{t.Name, string(p.Extension)}],
		})
	}
	for _, g := range t.Groups {
		group := core.Group{Number: g.Number, Members: make([]number.ExtensionNumber, 0, len(g.Members))}
		for _, m := range g.Members {
			group.Members = append(group.Members, m.Extension)
		}
		made.Groups = append(made.Groups, group)
	}
	return made
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
