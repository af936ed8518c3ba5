package e2e

import (
	_ "embed"
	"errors"
	"net/netip"
	"path/filepath"
)

//go:embed testdata/features.yaml.tmpl
var featuresTemplate string

// FeatureSite is a trial of the binary with its embedded core: mobiles of all
// carriers, a trunk of the public network, phones that register, and a group.
type FeatureSite struct {
	Site
	Phones   netip.AddrPort            // where phones register
	Trunks   map[string]netip.AddrPort // where each carrier's peer listens, by name
	Channels int                       // of the tenant's mobiles
}

// NewFeatureSite writes the configuration of a trial of features into folder.
func NewFeatureSite(folder string, channels int) (*FeatureSite, error) {
	s := &FeatureSite{Site: Site{Folder: folder}, Trunks: map[string]netip.AddrPort{}, Channels: channels}
	border := Neighbour(Loopback(), 1)
	var err error
	free := func(at netip.Addr) netip.AddrPort {
		found, failed := FreeUDP(at)
		err = errors.Join(err, failed)
		return found
	}
	s.West, s.East, s.Phones = free(border), free(Neighbour(border, 2)), free(Neighbour(border, 3))
	for i, name := range []string{"docomo", "au", "softbank", "pstn"} {
		s.Trunks[name] = free(Neighbour(border, byte(4+i)))
	}
	return s, errors.Join(err, s.configure(featuresTemplate, s), s.passwords("1001", "1002", "1003"))
}

// Phone is one of the site's, to be started.
func (s *FeatureSite) Phone(extension string, voice uint64) Baresip {
	host := 20 + extension[len(extension)-1] - '0'
	return Baresip{
		Folder: filepath.Join(s.Folder, extension), Extension: extension, Core: s.Phones, Addr: Neighbour(s.West.Addr(), host), Voice: voice,
	}
}
