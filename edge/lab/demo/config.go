package demo

import (
	_ "embed"
	"net/netip"
	"strings"
	"text/template"
)

//go:embed demo.yaml
var demoYAML string

// addresses fill the configuration.
type addresses struct {
	West, East, Seam, Phones   netip.AddrPort // our own
	Docomo, AU, SoftBank, PSTN netip.AddrPort // of the other sides
	Phone1001, Phone1002       netip.AddrPort
	Fault                      Fault
	Prompts                    string // folder, or ""
}

func at(port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port)
}

// Configuration returns the demo's configuration with well-known ports, for a
// trial by hand or for `sekisho explain -config`. Of the faults it shows those
// that lie in the configuration.
func Configuration(f Fault) (string, error) {
	a := addresses{
		West: at(5060), East: at(5061), Seam: at(5070), Phones: at(5080),
		Docomo: at(6001), AU: at(6002), SoftBank: at(6003), PSTN: at(6004), Phone1001: at(6101), Phone1002: at(6102),
		Fault: f,
	}
	if f == Emergency {
		a.Prompts = "silent-prompts"
	}
	return a.render()
}

func (a addresses) render() (string, error) {
	t, err := template.New("demo.yaml").Option("missingkey=error").Parse(demoYAML)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	if err := t.Execute(&b, a); err != nil {
		return "", err
	}
	return b.String(), nil
}
