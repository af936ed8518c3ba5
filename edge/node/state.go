package node

import (
	"context"
	"fmt"
	"time"

	"sekisho/edge/config"
	"sekisho/edge/core"
	"sekisho/edge/core/registrar"
	"sekisho/edge/ops"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/transport"
	"sekisho/edge/sip/ua"
	"sekisho/edge/trunk"
	"sekisho/media/relay"
)

// report is what one loop says of its shard.
type report struct {
	counts             ua.Counts
	calls, stock       int
	attempts, answered uint64
	registrar          registrar.Counts
	// By trunk, the core last.
	oneWay, voicemail, starPairs []uint64
	channels                     []core.Channels
}

// State asks each loop what it holds, and waits for the answers as long as ctx
// lasts.
func (n *Node) State(ctx context.Context) (ops.State, error) {
	s := ops.State{Peers: peers(n.board.States(time.Now()))}
	for _, name := range append(trunkNames(n.cfg), "core") {
		s.OneWay = append(s.OneWay, ops.Counted{Trunk: name})
		s.Voicemail = append(s.Voicemail, ops.Counted{Trunk: name})
		s.StarPairs = append(s.StarPairs, ops.Counted{Trunk: name})
	}
	err := n.border.report(ctx, "border", &s, func(i int, r *report) {
		c := n.borders[i].Counts()
		r.calls, r.attempts, r.answered = c.Calls, c.Attempts, c.Answered
		r.oneWay, r.voicemail, r.starPairs = c.OneWay, c.Voicemail, c.StarPairs
	})
	if err != nil || len(n.cores) == 0 {
		return n.written(s), err
	}
	err = n.core.report(ctx, "core", &s, func(i int, r *report) {
		r.calls, r.registrar, r.channels = n.cores[i].Counts().Calls, n.cores[i].Registrations(), n.cores[i].Channels()
	})
	return n.written(s), err
}

func (n *Node) written(s ops.State) ops.State {
	s.Records, s.RecordsLost = n.records.written.Load(), n.records.failed.Load()
	return s
}

// peers are what is known of those that calls are sent to.
func peers(states []trunk.State) []ops.Peer {
	list := make([]ops.Peer, 0, len(states))
	for _, s := range states {
		list = append(list, ops.Peer{
			Trunk: s.Group, Address: s.Peer.Remote.String(), Up: s.Up, PausedMS: s.Paused.Milliseconds(), Misses: s.Misses,
			Answered: s.Answered, Unanswered: s.Unanswered,
		})
	}
	return list
}

// report adds up what an application's loops and media engine hold. of adds
// what only the application knows; it runs on the loop.
func (a *application) report(ctx context.Context, name string, s *ops.State, of func(shard int, r *report)) error {
	stock, sip := 0, ops.Signalling{Application: name}
	for i, in := range a.inboxes {
		// answered has room for the one answer, so that the loop never waits.
		answered := make(chan report, 1)
		in.Ask(func(_ time.Time, u *ua.UA) []ua.Action {
			r := report{counts: u.Counts(), stock: a.stocks[i].Held()}
			of(i, &r)
			answered <- r
			return nil
		})
		select {
		case r := <-answered:
			s.Calls += r.calls
			s.Attempts += r.attempts
			s.Answered += r.answered
			s.Legs += r.counts.Legs
			s.Transactions += r.counts.Transactions.Waiting()
			s.Lingering += r.counts.Transactions.Lingering
			stock += r.stock
			sip.Unmatched += r.counts.Unmatched + r.counts.Transactions.Strays
			sip.Strangers += r.counts.Strangers + r.counts.Transactions.Foreign
			for _, n := range r.counts.Malformed {
				sip.Malformed += n
			}
			sip.Malformed += r.counts.Transactions.Malformed
			sip.Refused += r.counts.Refused + r.counts.Transactions.Refused
			sip.RefusedInvites += r.counts.RefusedInvites
			s.Registrar.Bindings += r.registrar.Bindings
			s.Registrar.Challenges += r.registrar.Challenges
			s.Registrar.Failures += r.registrar.Failures
			s.Registrar.Bans += r.registrar.Bans
			for i, n := range r.oneWay {
				s.OneWay[i].Count += n
			}
			for i, n := range r.voicemail {
				s.Voicemail[i].Count += n
			}
			for i, n := range r.starPairs {
				s.StarPairs[i].Count += n
			}
			for _, c := range r.channels {
				s.Channels = append(s.Channels, ops.Channels(c)) // a tenant is one shard's
			}
		case <-ctx.Done():
			return fmt.Errorf("shard %d does not answer: %w", i, ctx.Err())
		}
		s.Panics += a.loops[i].Panics()
	}
	s.SIP = append(s.SIP, sip)
	media := a.engine.Stats()
	for reason, n := range media.Dropped {
		if n > 0 {
			s.MediaDropped = append(s.MediaDropped, ops.MediaDropped{Application: name, Reason: relay.Reason(reason).String(), Count: n})
		}
	}
	p := media.Ports
	s.Ports.Bound += p.Bound
	s.Ports.Leased += p.Leased - stock
	s.Ports.Quarantined += p.Quarantined
	s.Ports.Ready += p.Ready() + stock // what a shard has in hand is free to be lent
	return nil
}

// Metrics returns the address that metrics are served at, or "".
func (n *Node) Metrics() string {
	if n.scraped == nil {
		return ""
	}
	return n.scraped.Addr()
}

// dropped lists what each listener has thrown away.
func (n *Node) dropped() []ops.Dropped {
	var list []ops.Dropped
	collect := func(t *transport.Transport, l flow.Listener, name string) {
		if t == nil {
			return
		}
		c := t.Counters(l)
		for d, count := range c.Dropped {
			if count > 0 {
				list = append(list, ops.Dropped{Listener: name, Reason: transport.Drop(d).String(), Count: count})
			}
		}
		if c.KernelDropped > 0 {
			list = append(list, ops.Dropped{Listener: name, Reason: "kernel", Count: c.KernelDropped})
		}
	}
	for i, l := range n.cfg.Border.Listeners {
		collect(n.border.transport, flow.Listener(i), l.Name)
	}
	collect(n.core.transport, 0, "seam")
	for i := range n.at.Phones {
		collect(n.core.transport, flow.Listener(i+1), "phones")
	}
	return list
}

func trunkNames(c *config.Config) []string {
	names := make([]string, len(c.Trunks))
	for i := range c.Trunks {
		names[i] = c.Trunks[i].Name
	}
	return names
}
