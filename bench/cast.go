package main

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"text/template"

	_ "embed"

	"sekisho/edge/lab/carrier"
	"sekisho/edge/lab/e2e"
)

//go:embed testdata/features.yaml.tmpl
var featureSite string

// How many subscribers play one call after another, and how many such casts are
// a tenant. Five of a cast are its group; the sixth is who calls are passed on
// to, the seventh the colleague who calls.
const (
	castMobiles  = 7
	castGroup    = 5
	tenantCasts  = 10
	mostCasts    = 1400 // 0900000XXXX has room for the mobiles of as many
	outsideFirst = 5000 // 0500000XXXX from here on are called, those below call
)

// lines of the trunks that the generator plays.
const (
	lineDocomo = iota
	lineAU
	lineSoftBank
	linePSTN
	lineCount
)

var lineNames = [lineCount]string{"docomo", "au", "softbank", "pstn"}

// subscriber is one party.
type subscriber struct {
	Extension int
	MSISDN    string // as the wire has it when it is called
	Carrier   string
	line      int
	voice     uint64
}

// cast is whom one call at a time is played by.
type cast struct {
	Mobiles             [castMobiles]subscriber
	Group               int
	GroupNumber, Number string // of the group, of the first mobile
	outside, callee     subscriber
	tenant              *castTenant
}

// Members are the extensions of the group, as the configuration lists them.
func (c *cast) Members() string {
	var all []string
	for _, m := range c.Mobiles[:castGroup] {
		all = append(all, fmt.Sprint(m.Extension))
	}
	return strings.Join(all, ", ")
}

// castTenant is a tenant of ten casts.
type castTenant struct {
	Name, Number string
	Casts        []*cast
	// parking is held by the one call that is parked: its slot is the first.
	parking sync.Mutex
}

const firstSlot = "701"

// troupe is everybody.
type troupe struct {
	casts   []*cast
	tenants []*castTenant
	sides   [lineCount]*carrier.Exchange

	mu    sync.Mutex
	plans [lineCount]map[string]carrier.Behaviour // by the number called
}

// assemble makes n casts. Their mobiles are docomo's, au's and SoftBank's by turns.
func assemble(n int) *troupe {
	t := &troupe{}
	for i := range n {
		if i%tenantCasts == 0 {
			at := i / tenantCasts
			t.tenants = append(t.tenants, &castTenant{Name: fmt.Sprintf("t%d", at), Number: fmt.Sprintf("030000%04d", 5000+at)})
		}
		tenant := t.tenants[len(t.tenants)-1]
		k := i % tenantCasts
		c := &cast{
			Group: 3500 + k, GroupNumber: fmt.Sprintf("030000%04d", 2*i), Number: fmt.Sprintf("030000%04d", 2*i+1), tenant: tenant,
			outside: subscriber{MSISDN: fmt.Sprintf("0500000%04d", i), line: linePSTN, voice: uint64(16*i + 8)},
			callee:  subscriber{MSISDN: fmt.Sprintf("+81500000%04d", outsideFirst+i), line: linePSTN, voice: uint64(16*i + 9)},
		}
		for j := range c.Mobiles {
			line := (i + j) % linePSTN
			c.Mobiles[j] = subscriber{
				Extension: 2000 + castMobiles*k + j, MSISDN: fmt.Sprintf("0900000%04d", castMobiles*i+j),
				Carrier: lineNames[line], line: line, voice: uint64(16*i + j + 1),
			}
		}
		tenant.Casts = append(tenant.Casts, c)
		t.casts = append(t.casts, c)
	}
	for l := range t.plans {
		t.plans[l] = map[string]carrier.Behaviour{}
	}
	return t
}

// open starts the carriers on an address.
func (t *troupe) open(at netip.Addr) error {
	styles := [lineCount]carrier.Style{carrier.Docomo(), carrier.AU(), carrier.SoftBank(), carrier.PSTN()}
	for l := range t.sides {
		side, err := carrier.Open(carrier.Config{Name: lineNames[l], Bind: netip.AddrPortFrom(at, 0), Style: styles[l], Lean: true})
		if err != nil {
			return err
		}
		t.sides[l] = side
		side.Answer(func(in carrier.Incoming) carrier.Behaviour {
			t.mu.Lock()
			defer t.mu.Unlock()
			if b, ok := t.plans[l][in.Number]; ok {
				return b
			}
			return carrier.Refuses(404)
		})
	}
	return nil
}

// expect says how a subscriber takes the next call.
func (t *troupe) expect(s subscriber, b carrier.Behaviour) {
	t.mu.Lock()
	t.plans[s.line][s.MSISDN] = b
	t.mu.Unlock()
}

func (t *troupe) close() {
	for _, side := range t.sides {
		if side != nil {
			side.Close()
		}
	}
}

// panics counts those of the generator.
func (t *troupe) panics() (n uint64) {
	for _, side := range t.sides {
		n += side.Panics()
	}
	return n
}

// featurePlace fills the template.
type featurePlace struct {
	*e2e.Site
	Trunks  []featureTrunk
	Tenants []*castTenant
}

type featureTrunk struct {
	Name, Profile, Role string
	Peer                netip.AddrPort
}

// configure returns the configuration of the site.
func (t *troupe) configure(site *e2e.Site) (string, error) {
	place := featurePlace{Site: site, Tenants: t.tenants}
	for l, side := range t.sides {
		trunk := featureTrunk{Name: lineNames[l], Profile: lineNames[l], Role: "mobile", Peer: side.Addr()}
		if l == linePSTN {
			trunk.Profile, trunk.Role = "generic", "pstn"
		}
		place.Trunks = append(place.Trunks, trunk)
	}
	model, err := template.New("features").Parse(featureSite)
	if err != nil {
		return "", fmt.Errorf("read the template of a site: %w", err)
	}
	var text strings.Builder
	if err := model.Execute(&text, place); err != nil {
		return "", fmt.Errorf("write the configuration: %w", err)
	}
	return text.String(), nil
}
