package scenario

import (
	"errors"
	"fmt"
	"strings"

	"sekisho/edge/config"
)

// configure lays its body over the configuration. With check it tells the
// faults of the result instead of failing, and builds nothing.
func (p *play) configure(c command) (string, error) {
	if p.world != nil {
		return "", fmt.Errorf("comes after the world was built")
	}
	overlay := strings.Join(c.body, "\n")
	if c.word(0) != "check" {
		p.overlays = append(p.overlays, overlay)
		return "", nil
	}
	_, err := site(append(p.overlays[:len(p.overlays):len(p.overlays)], overlay))
	var faults config.Faults
	if !errors.As(err, &faults) {
		return "no fault\n", err
	}
	var b strings.Builder
	for _, f := range faults {
		fmt.Fprintf(&b, "fault %s: %s\n", f.Key, f.Message)
	}
	return b.String(), nil
}

// build makes the world of the configuration.
func (p *play) build() error {
	c, err := site(p.overlays)
	if err != nil {
		return err
	}
	p.world, err = NewWorld(c, p.setting)
	return err
}
