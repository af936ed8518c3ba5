package scenario

import (
	"fmt"
	"time"

	"sekisho/edge/sip/dialog"
	"sekisho/edge/sip/header"
)

// timer has a party's calls from here on keep session timers, and the ladder
// show what is said of them: timer PARTY 90s [min=90s] [refresher=uas].
func (p *play) timer(c command) (string, error) {
	r, err := p.party(c.word(0))
	if err != nil {
		return "", err
	}
	t := dialog.SessionTerms{Refresher: header.UAC}
	if c.option("refresher", "uac") == "uas" {
		t.Refresher = header.UAS
	}
	if t.Expires, err = time.ParseDuration(c.word(1)); err != nil {
		return "", err
	}
	if t.MinSE, err = time.ParseDuration(c.option("min", "90s")); err != nil {
		return "", fmt.Errorf("min: %w", err)
	}
	r.terms.Session, p.timers = t, true
	return "", nil
}
