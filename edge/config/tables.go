package config

import "sekisho/policy"

// Tables builds what policy decides by. Trunks and tenants keep their indices.
// It cannot fail for a Config that Parse returned; one written in Go can name
// what does not exist.
func (c *Config) Tables() (*policy.Tables, error) {
	d := policy.Directory{
		Trunks:  make([]policy.Trunk, 0, len(c.Trunks)),
		Tenants: make([]policy.Tenant, 0, len(c.Tenants)),
	}
	for i := range c.Trunks {
		d.Trunks = append(d.Trunks, policyTrunk(&c.Trunks[i]))
	}
	for i := range c.Tenants {
		t, id := &c.Tenants[i], policy.TenantID(i)
		d.Tenants = append(d.Tenants, policy.Tenant{
			Name:          t.Name,
			Domain:        t.Domain,
			DefaultNumber: t.DefaultNumber,
			Outbound:      t.Outbound,
			Emergency:     t.Emergency,
		})
		for _, m := range t.Mobiles {
			d.Subscribers = append(d.Subscribers, policy.Subscriber{
				MSISDN: m.MSISDN, Tenant: id, Carrier: m.Carrier, Extension: m.Extension,
			})
		}
		for _, n := range t.Numbers {
			d.DIDs = append(d.DIDs, policy.DID{Number: n.Number, Tenant: id, Extension: n.Extension})
		}
	}
	return policy.NewTables(d)
}

func policyTrunk(t *Trunk) policy.Trunk {
	return policy.Trunk{Name: t.Name, Role: t.Role, Profile: t.Profile, EmergencyCapable: t.EmergencyCapable}
}
