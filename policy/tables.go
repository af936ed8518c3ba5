package policy

import (
	"errors"
	"fmt"
	"strings"

	"sekisho/policy/number"
	"sekisho/policy/profile"
)

// TrunkID and TenantID are indices into the Directory that Tables were built
// from.
type (
	TrunkID  int
	TenantID int
)

// NoTrunk and NoTenant name none.
const (
	NoTrunk  TrunkID  = -1
	NoTenant TenantID = -1
)

// Role is what a trunk is for.
type Role uint8

// The roles.
const (
	RoleMobile Role = iota // corporate mobiles of one carrier
	RolePSTN               // calls to our numbers and to the public network
	RoleBoth
)

// String returns the word of the configuration.
func (r Role) String() string {
	switch r {
	case RoleMobile:
		return "mobile"
	case RolePSTN:
		return "pstn"
	case RoleBoth:
		return "both"
	}
	return "role?"
}

// Directory is what Tables are built from: the configuration's trunks and
// tenants as plain values.
type Directory struct {
	Trunks      []Trunk // in the file's order, which is the order of choice
	Tenants     []Tenant
	Subscribers []Subscriber
	DIDs        []DID
}

// Trunk is one carrier's trunk with its effective profile.
type Trunk struct {
	Name    string
	Role    Role
	Profile *profile.Profile
	// EmergencyCapable says that the carrier takes emergency calls on this
	// trunk: a 0AB to J line with a location.
	EmergencyCapable bool
}

// Tenant is one customer.
type Tenant struct {
	Name   string
	Domain string // the SIP domain by which the core names the tenant
	// DefaultNumber is shown to the public network when nothing better is owned.
	DefaultNumber number.Number
	Outbound      []TrunkID // for external calls, in order
	Emergency     EmergencyCalls
}

// EmergencyCalls says what becomes of a tenant's emergency calls (R61). The
// zero value refuses them with an announcement.
type EmergencyCalls struct {
	Routed bool
	Over   TrunkID // where Routed
}

// Subscriber is a corporate mobile.
type Subscriber struct {
	MSISDN    number.Number
	Tenant    TenantID
	Carrier   profile.Carrier
	Extension number.ExtensionNumber
}

// DID is a public number of a tenant.
type DID struct {
	Number    number.Number
	Tenant    TenantID
	Extension number.ExtensionNumber // where the core sends its calls
}

// Tables answers Decide and Present. It is immutable and may be shared; a
// reload builds another.
type Tables struct {
	trunks      []Trunk
	tenants     []Tenant
	subscribers map[number.Number]Subscriber
	dids        map[number.Number]DID
	domains     map[string]TenantID // lower case
}

// NewTables builds tables. The error joins everything that would make a
// decision ambiguous or impossible: a number or domain given twice, an index
// that leads nowhere, a trunk without a profile, an emergency route over a
// trunk that takes no emergency calls.
func NewTables(d Directory) (*Tables, error) {
	t := &Tables{
		trunks:      d.Trunks,
		tenants:     d.Tenants,
		subscribers: make(map[number.Number]Subscriber, len(d.Subscribers)),
		dids:        make(map[number.Number]DID, len(d.DIDs)),
		domains:     make(map[string]TenantID, len(d.Tenants)),
	}
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	for _, trunk := range d.Trunks {
		if trunk.Profile == nil {
			fault("trunk %s has no profile", trunk.Name)
		}
	}
	for i, tenant := range d.Tenants {
		domain := strings.ToLower(tenant.Domain)
		if _, twice := t.domains[domain]; twice || domain == "" {
			fault("tenant %s: domain %q is empty or given twice", tenant.Name, tenant.Domain)
		}
		t.domains[domain] = TenantID(i)
		for _, id := range tenant.Outbound {
			if !t.hasTrunk(id) {
				fault("tenant %s: outbound trunk %d does not exist", tenant.Name, id)
			}
		}
		if e := tenant.Emergency; e.Routed && (!t.hasTrunk(e.Over) || !MayRouteEmergency(d.Trunks[e.Over])) {
			fault("tenant %s: emergency calls are routed to a trunk that takes none", tenant.Name)
		}
	}
	for _, s := range d.Subscribers {
		if _, twice := t.subscribers[s.MSISDN]; twice || s.MSISDN.IsZero() || !t.hasTenant(s.Tenant) {
			fault("subscriber %s is given twice or has no tenant", s.MSISDN)
		}
		t.subscribers[s.MSISDN] = s
	}
	for _, did := range d.DIDs {
		if _, twice := t.dids[did.Number]; twice || did.Number.IsZero() || !t.hasTenant(did.Tenant) {
			fault("number %s is given twice or has no tenant", did.Number)
		}
		t.dids[did.Number] = did
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return t, nil
}

// MayRouteEmergency reports whether emergency calls may be sent over a trunk:
// it must be declared capable and lead to the public network (R61).
func MayRouteEmergency(t Trunk) bool { return t.EmergencyCapable && t.Role != RoleMobile }

// Trunk returns a trunk; the id must be one of the Directory's.
func (t *Tables) Trunk(id TrunkID) Trunk { return t.trunks[id] }

// TrunkNamed returns the trunk of that name, or NoTrunk.
func (t *Tables) TrunkNamed(name string) TrunkID {
	for i := range t.trunks {
		if t.trunks[i].Name == name {
			return TrunkID(i)
		}
	}
	return NoTrunk
}

// Tenant returns a tenant; the id must be one of the Directory's.
func (t *Tables) Tenant(id TenantID) Tenant { return t.tenants[id] }

// TenantAt returns the tenant whose domain this is, or NoTenant.
func (t *Tables) TenantAt(domain string) TenantID {
	if id, ok := t.domains[strings.ToLower(domain)]; ok {
		return id
	}
	return NoTenant
}

// Subscriber returns the mobile that has this MSISDN.
func (t *Tables) Subscriber(msisdn number.Number) (Subscriber, bool) {
	s, ok := t.subscribers[msisdn]
	return s, ok
}

// DID returns the entry of a public number of ours.
func (t *Tables) DID(n number.Number) (DID, bool) {
	d, ok := t.dids[n]
	return d, ok
}

// Owns reports whether the tenant may show n to the public network: one of its
// DIDs, or its default number. A mobile's MSISDN is not among them.
func (t *Tables) Owns(id TenantID, n number.Number) bool {
	if n.IsZero() {
		return false
	}
	did, ok := t.dids[n]
	return ok && did.Tenant == id || t.tenants[id].DefaultNumber == n
}

// StandsFor returns the number of the tenant's by which a party of its is known
// in public: n itself where the tenant owns it, the lowest DID of a mobile's
// extension, else the default number.
func (t *Tables) StandsFor(id TenantID, n number.Number) number.Number {
	if t.Owns(id, n) {
		return n
	}
	own := t.tenants[id].DefaultNumber
	s, ok := t.subscribers[n]
	if !ok || s.Tenant != id {
		return own
	}
	found := false
	for d, did := range t.dids {
		if did.Tenant == id && did.Extension == s.Extension && (!found || d.String() < own.String()) {
			own, found = d, true
		}
	}
	return own
}

func (t *Tables) hasTrunk(id TrunkID) bool   { return id >= 0 && int(id) < len(t.trunks) }
func (t *Tables) hasTenant(id TenantID) bool { return id >= 0 && int(id) < len(t.tenants) }
