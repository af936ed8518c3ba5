package e2e

import (
	_ "embed"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

//go:embed testdata/site.yaml.tmpl
var siteTemplate string

// Site is one trial of the binary with an external core: a docomo trunk on one
// side, a SIP PBX on the other, and as many mobiles as callers are wanted.
type Site struct {
	Folder  string         // holds every file of the trial
	Carrier netip.AddrPort // where the docomo trunk's peer sends from and listens
	Core    netip.AddrPort // where the external core listens
	West    netip.AddrPort // the border's listener toward carriers
	East    netip.AddrPort // the border's listener toward the core
	Mobiles []Mobile
}

// Mobile is one subscriber of the site.
type Mobile struct {
	Extension int
	MSISDN    string // national form
}

// NewSite writes the configuration and the callers' file of a trial into
// folder. mobiles is at most 2,000 (R6).
func NewSite(folder string, mobiles int) (*Site, error) {
	s := &Site{Folder: folder}
	border, peer := Loopback(), Loopback()
	for border == peer {
		peer = Loopback()
	}
	for at, addr := range map[*netip.AddrPort]netip.Addr{&s.West: border, &s.East: border, &s.Carrier: peer, &s.Core: peer} {
		free, err := FreeUDP(addr)
		if err != nil {
			return nil, err
		}
		*at = free
	}
	if s.West == s.East || s.Carrier == s.Core {
		return nil, fmt.Errorf("the system offered one port twice: %s, %s", s.West, s.Core)
	}
	for i := range mobiles {
		s.Mobiles = append(s.Mobiles, Mobile{Extension: 2000 + i, MSISDN: fmt.Sprintf("0900000%04d", 2000+i)})
	}
	return s, s.write()
}

// Config is the path of the configuration file.
func (s *Site) Config() string { return filepath.Join(s.Folder, "sekisho.yaml") }

// Records is the path of the CDR file.
func (s *Site) Records() string { return filepath.Join(s.Folder, "cdr.jsonl") }

// Callers is the path of sipp's file of callers, who all dial one external
// number with the 8 in front.
func (s *Site) Callers() string { return filepath.Join(s.Folder, "callers.csv") }

func (s *Site) write() error {
	t, err := template.New("site").Parse(siteTemplate)
	if err != nil {
		return fmt.Errorf("read the template of a site: %w", err)
	}
	var config, callers strings.Builder
	if err := t.Execute(&config, s); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	callers.WriteString("SEQUENTIAL\n")
	for _, m := range s.Mobiles {
		fmt.Fprintf(&callers, "%s;%s;80300009001\n", m.MSISDN, strings.TrimPrefix(m.MSISDN, "0"))
	}
	if err := os.WriteFile(s.Config(), []byte(config.String()), 0o644); err != nil {
		return err
	}
	return os.WriteFile(s.Callers(), []byte(callers.String()), 0o644)
}
