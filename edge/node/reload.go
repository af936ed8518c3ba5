package node

import (
	"fmt"
	"time"

	"sekisho/edge/config"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/ua"
)

// Reload takes over the directory of another configuration: tenants, their
// numbers, mobiles, phones and groups. Live calls stay as they are. Whatever
// cannot be taken over leaves everything as it was, and that is the error;
// later names the sections that differ and wait for the next start.
//
// Reload must not run twice at a time.
func (n *Node) Reload(read *config.Config) (later []string, err error) {
	next, later, err := n.running.Reload(read)
	if err != nil {
		return nil, err
	}
	tables, err := next.Tables()
	if err != nil {
		return nil, err
	}
	secrets, err := ReadSecrets(next)
	if err != nil {
		return nil, err
	}
	if err := n.admitPhones(next); err != nil {
		return nil, err
	}
	n.running = next
	n.border.each(func(i int, _ time.Time) []ua.Action { n.borders[i].Reload(tables); return nil })
	n.core.each(func(i int, now time.Time) []ua.Action { n.cores[i].Reload(now, Directory(next, secrets)); return nil })
	return later, nil
}

// admitPhones has the phones' listeners hear whom the new directory names.
func (n *Node) admitPhones(next *config.Config) error {
	for i := range n.at.Phones {
		if err := n.core.transport.SetSources(flow.Listener(i+1), phoneSources(next)); err != nil {
			return fmt.Errorf("phones: %w", err)
		}
	}
	return nil
}

// each runs f for every shard, on its own loop, and waits until all have; what f
// returns is then carried out.
func (a *application) each(f func(shard int, now time.Time) []ua.Action) {
	done := make(chan struct{}, len(a.inboxes))
	for i, in := range a.inboxes {
		in.Ask(func(now time.Time, _ *ua.UA) []ua.Action {
			actions := f(i, now)
			done <- struct{}{}
			return actions
		})
	}
	for range a.inboxes {
		<-done
	}
}
