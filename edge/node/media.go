package node

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sekisho/edge/border"
	"sekisho/edge/cdr"
	"sekisho/edge/config"
	"sekisho/edge/ops"
	"sekisho/edge/sip/ua"
	"sekisho/media/dtls"
	"sekisho/media/relay"
	"sekisho/media/srtp"
)

// handshakes is how keys are agreed on with phones by DTLS; zero where they are
// not. The certificate is another one with each start: it is known by SDP alone.
func handshakes(c *config.Config) (dtls.Config, error) {
	if !c.Core.SRTP.DTLS {
		return dtls.Config{}, nil
	}
	certificate, err := dtls.NewCertificate(source(), time.Now())
	if err != nil {
		return dtls.Config{}, err
	}
	return dtls.Config{Certificate: certificate, Suites: phoneMedia(c, certificate.Fingerprint()).Suites}, nil
}

// fingerprint is what the peers of an application know it by, or zero.
func (a *application) fingerprint() srtp.Fingerprint {
	if a.dtls.Certificate == nil {
		return srtp.Fingerprint{}
	}
	return a.dtls.Certificate.Fingerprint()
}

// Calls lists the border's calls that have media.
func (n *Node) Calls(ctx context.Context) ([]ops.Call, error) {
	all, err := n.talks(ctx, "")
	list := make([]ops.Call, 0, len(all))
	for _, m := range all {
		c := ops.Call{ID: m.Name}
		for _, l := range m.Legs {
			c.Trunks = append(c.Trunks, l.Trunk)
		}
		list = append(list, c)
	}
	return list, err
}

// Media returns the quality of a call by now, by leg; nil if none of that name
// has media.
func (n *Node) Media(ctx context.Context, id string) ([]ops.LegMedia, error) {
	all, err := n.talks(ctx, id)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	m := all[0]
	var slots []relay.Slot
	for _, l := range m.Legs {
		slots = append(slots, l.Slot)
	}
	figures, err := n.border.engine.Figures(ctx, slots)
	if err != nil {
		return nil, err
	}
	legs := make([]ops.LegMedia, 0, len(m.Legs))
	for i, l := range m.Legs {
		if !figures[i].Leased {
			continue // released meanwhile
		}
		s := &figures[i].Stats
		legs = append(legs, ops.LegMedia{Leg: l.Letter, Trunk: l.Trunk, Foreign: s.DroppedSource, Media: cdr.MediaOf(s, m.Answered)})
	}
	return legs, nil
}

// talks asks each shard of the border for its calls with media: all, or the one
// that is named.
func (n *Node) talks(ctx context.Context, name string) ([]border.Media, error) {
	var all []border.Media
	for i, in := range n.border.inboxes {
		// answered has room for the one answer, so that the loop never waits.
		answered := make(chan []border.Media, 1)
		in.Ask(func(time.Time, *ua.UA) []ua.Action {
			answered <- n.borders[i].Media(name)
			return nil
		})
		select {
		case part := <-answered:
			all = append(all, part...)
		case <-ctx.Done():
			return nil, fmt.Errorf("shard %d does not answer: %w", i, ctx.Err())
		}
	}
	slices.SortFunc(all, func(x, y border.Media) int { return strings.Compare(x.Name, y.Name) })
	return all, nil
}
