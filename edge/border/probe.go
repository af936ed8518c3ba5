package border

import (
	"strconv"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/deadline"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/token"
	"sekisho/edge/sip/ua"
	"sekisho/edge/trunk"
)

// probes asks peers by OPTIONS whether they are well. One shard asks for all:
// what it learns, Health tells the others, and a peer is not asked once more for
// each core that we have.
type probes struct {
	list   []probe
	timers deadline.Heap[int]
	last   uint64
}

// probe is one peer with the question it was asked last.
type probe struct {
	id    trunk.PeerID
	every time.Duration
	// waiting is the token of the question that has no answer yet, or zero; sent
	// is when it was asked.
	waiting uint64
	sent    time.Time
}

// probeWait is how long the answer to an OPTIONS may take: four repetitions
// have gone out by then (RFC 3261 §17.1.2.2, timer E).
const probeWait = 5 * time.Second

// shortestInterval keeps a slip of the pen from being a flood.
const shortestInterval = time.Second

// StartProbes begins to ask all peers whose interval is not zero. Only a border
// of the first shard is started: the answers come to bucket 0.
func (b *Border) StartProbes(now time.Time) {
	b.StopProbes()
	for g, w := range Watches(b.cfg.Trunks, b.cfg.Core) {
		if !w.Probed() {
			continue
		}
		for i := range w.To {
			p := probe{id: trunk.PeerID{Group: trunk.Group(g), Place: i}, every: max(w.Interval, shortestInterval)}
			// Somewhere in the first interval: not all at once after a restart.
			b.probes.timers.Set(len(b.probes.list), now.Add(b.within(p.every)))
			b.probes.list = append(b.probes.list, p)
		}
	}
}

// StopProbes ends it. What is on its way is answered to nobody.
func (b *Border) StopProbes() { b.probes = probes{last: b.probes.last} }

func (b *Border) within(d time.Duration) time.Duration {
	return time.Duration(b.cfg.Source.Uint64() % uint64(d))
}

// probe asks the peers whose time has come, and takes the silence of others for
// an answer.
func (b *Border) probe(now time.Time, out []ua.Action) []ua.Action {
	for {
		i, ok := b.probes.timers.Pop(now)
		if !ok {
			return out
		}
		p := &b.probes.list[i]
		if p.waiting != 0 {
			out = b.probed(now, i, nil, out)
			continue
		}
		b.probes.last++
		p.waiting, p.sent = b.probes.last, now
		b.probes.timers.Set(i, now.Add(min(probeWait, p.every)))
		out = append(out, b.question(p))
	}
}

// question is the OPTIONS to a peer.
func (b *Border) question(p *probe) ua.Action {
	to := b.flowOf(p.id)
	target := "sip:" + to.Remote.String()
	return ua.Ask{
		Token: p.waiting, Flow: to, Method: sip.OPTIONS, Target: target,
		From: "<sip:" + hostPort(b.cfg.Hosts[to.Listener]) + ">", To: "<" + target + ">",
		CallID: b.cfg.Key.New(0, token.Bytes16(b.cfg.Source)),
	}
}

// replied is the answer to a question. One that is too late was counted as a
// miss, and is not taken back.
func (b *Border) replied(now time.Time, in ua.Replied, out []ua.Action) []ua.Action {
	for i := range b.probes.list {
		if b.probes.list[i].waiting == in.Token {
			return b.probed(now, i, in.Response, out)
		}
	}
	return out
}

// probed notes an answer, or none, and sets the time of the next question: an
// interval after the last, give or take a tenth, so that the probes of many
// edges do not fall into step.
func (b *Border) probed(now time.Time, i int, r *sip.Response, out []ua.Action) []ua.Action {
	p := &b.probes.list[i]
	next := p.sent.Add(p.every - p.every/10 + b.within(p.every/5))
	p.waiting = 0
	b.probes.timers.Set(i, next)
	status := 0
	if r != nil {
		status = r.StatusCode
	}
	change := b.cfg.Health.Probed(now, p.id, status)
	out = b.tellProbe(p.id, change, status, out)
	if status == 503 && b.pausable(p.id.Group) {
		if after, err := header.ParseRetryAfter(header.First(r, "Retry-After")); err == nil {
			out = b.tellChange(p.id, b.cfg.Health.Pause(now, p.id, time.Duration(after.Seconds)*time.Second), out)
		}
	}
	return out
}

// tellProbe has operators read what changed, and by which answer.
func (b *Border) tellProbe(id trunk.PeerID, change trunk.Change, status int, out []ua.Action) []ua.Action {
	before := len(out)
	out = b.tellChange(id, change, out)
	if len(out) > before {
		answer := "none"
		if status != 0 {
			answer = strconv.Itoa(status)
		}
		n := out[before].(ua.Note)
		n.Fields = append(n.Fields, "options", answer)
		out[before] = n
	}
	return out
}
