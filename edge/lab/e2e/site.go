package e2e

import (
	_ "embed"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

//go:embed testdata/site.yaml.tmpl
var siteTemplate string

//go:embed testdata/dialogues.yaml.tmpl
var dialoguesTemplate string

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
	s, err := place(folder)
	if err != nil {
		return nil, err
	}
	for i := range mobiles {
		s.Mobiles = append(s.Mobiles, Mobile{Extension: 2000 + i, MSISDN: fmt.Sprintf("0900000%04d", 2000+i)})
	}
	return s, errors.Join(s.configure(siteTemplate, s), s.list())
}

// NewDialogueSite writes the configuration of a trial with a trunk of the public
// network, 0300000121 behind the core, and no mobiles.
func NewDialogueSite(folder string) (*Site, error) {
	s, err := place(folder)
	if err != nil {
		return nil, err
	}
	return s, s.configure(dialoguesTemplate, s)
}

// place finds addresses for all.
func place(folder string) (*Site, error) {
	s := &Site{Folder: folder}
	border, peer := Loopback(), Loopback()
	for border == peer {
		peer = Loopback()
	}
	var err error
	for at, addr := range map[*netip.AddrPort]netip.Addr{&s.West: border, &s.East: border, &s.Carrier: peer, &s.Core: peer} {
		if *at, err = FreeUDP(addr, s.West, s.East, s.Carrier, s.Core); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Config is the path of the configuration file.
func (s *Site) Config() string { return filepath.Join(s.Folder, "sekisho.yaml") }

// Records is the path of the CDR file.
func (s *Site) Records() string { return filepath.Join(s.Folder, "cdr.jsonl") }

// Callers is the path of sipp's file of callers, who all dial one external
// number with the 8 in front.
func (s *Site) Callers() string { return filepath.Join(s.Folder, "callers.csv") }

// configure writes the configuration from a template and what it speaks of.
func (s *Site) configure(from string, data any) error {
	t, err := template.New("site").Parse(from)
	if err != nil {
		return fmt.Errorf("read the template of a site: %w", err)
	}
	var config strings.Builder
	if err := t.Execute(&config, data); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	return os.WriteFile(s.Config(), []byte(config.String()), 0o644)
}

// list writes the callers' file.
func (s *Site) list() error {
	var callers strings.Builder
	callers.WriteString("SEQUENTIAL\n")
	for _, m := range s.Mobiles {
		fmt.Fprintf(&callers, "%s;%s;80300009001\n", m.MSISDN, strings.TrimPrefix(m.MSISDN, "0"))
	}
	return os.WriteFile(s.Callers(), []byte(callers.String()), 0o644)
}
