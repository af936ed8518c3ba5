package scenario

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"sekisho/edge/border"
	"sekisho/edge/cdr"
	"sekisho/edge/config"
	"sekisho/edge/core"
	"sekisho/edge/lab/siptest"
	"sekisho/edge/node"
	"sekisho/edge/sip/callid"
	"sekisho/edge/sip/deadline"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/ua"
	"sekisho/media/engine"
	"sekisho/media/port"
	"sekisho/media/relay"
)

// World is a node core and the parties around it on one virtual clock.
type World struct {
	now, start time.Time
	network    *network
	sounds     *Sounds

	config *config.Config
	// borders and limits are by shard.
	borders []*border.Border
	limits  []*node.Share
	board   *node.Board
	// core is one loop, whatever the border is: its shard key is the tenant.
	core *core.Core
	// nodes are border and core, in this order; core is nil and not among them
	// where a PBX stands in its place.
	nodes   []*station
	parties []*party
	at      map[netip.AddrPort]place
	// ears are the calls of parties by their RTP address.
	ears map[netip.AddrPort]*call

	trace   []siptest.Message
	lastSIP time.Time
	records []*cdr.Record
	notes   []ua.Note
	// astray counts the packets that went to somebody who has no call.
	astray int
}

// place is a listener of a station.
type place struct {
	station  *station
	listener flow.Listener
}

// Setting is what a world is made of beside its configuration.
type Setting struct {
	Weather Weather
	Sounds  *Sounds
	// Shards of the border; 0 is one.
	Shards int
	// Start is when the clock begins; zero is a morning in July.
	Start time.Time
}

// NewWorld builds the node core of a configuration and the parties around it.
func NewWorld(c *config.Config, in Setting) (*World, error) {
	w := &World{
		start: in.Start, network: newNetwork(in.Weather), sounds: in.Sounds, config: c,
		at: make(map[netip.AddrPort]place), ears: make(map[netip.AddrPort]*call),
	}
	if w.start.IsZero() {
		w.start = time.Date(2026, time.July, 1, 9, 0, 0, 0, time.UTC)
	}
	w.now = w.start
	sockets := node.Sockets{Seam: c.Core.Seam, Phones: c.Core.Phones}
	for _, l := range c.Border.Listeners {
		sockets.Border = append(sockets.Border, l.Advertise)
	}
	if err := w.buildBorder(sockets, max(in.Shards, 1)); err != nil {
		return nil, err
	}
	if c.Core.Mode == config.Embedded {
		if err := w.buildCore(sockets); err != nil {
			return nil, err
		}
	}
	for i, r := range residents() {
		w.settle(r, uint64(100+i))
	}
	return w, nil
}

func (w *World) buildBorder(at node.Sockets, shards int) error {
	tables, err := w.config.Tables()
	if err != nil {
		return err
	}
	s, err := w.station(at.Border, plan{"border", w.config.Border.Media, shards})
	if err != nil {
		return err
	}
	s.routes = newRoutes(shards)
	gate := node.NewGate(w.config)
	w.board = node.NewBoard(w.config, at, w.source(3))
	for i, m := range s.shards {
		limits := gate.Share()
		u, b := node.Border(w.config, tables, at, node.Shard{
			Source: w.source(borderSource(i)), Key: callIDKey(), Ports: m.stock, Limits: limits, Health: w.board,
		})
		m.ua = u
		if i == 0 {
			b.StartProbes(w.now)
		}
		w.borders, w.limits = append(w.borders, b), append(w.limits, limits)
	}
	w.nodes = append(w.nodes, s)
	return nil
}

func (w *World) buildCore(at node.Sockets) error {
	s, err := w.station(append([]netip.AddrPort{at.Seam[0]}, at.Phones...), plan{"core", w.config.Core.Media, 1})
	if err != nil {
		return err
	}
	m := s.shards[0]
	m.ua, w.core = node.Core(w.config, at, node.Shard{Source: w.source(2), Key: callIDKey(), Ports: m.stock})
	w.nodes = append(w.nodes, s)
	return nil
}

// plan is what a node's station is made with.
type plan struct {
	name   string
	media  config.Media
	shards int
}

// station makes a node's station with its media engine.
func (w *World) station(addrs []netip.AddrPort, p plan) (*station, error) {
	s := &station{name: p.name, addrs: addrs}
	random := w.source(uint64(len(p.name)))
	var err error
	s.media, err = engine.NewStepped(engine.Config{
		Addresses: p.media.Addresses, Ports: port.Range{First: p.media.Ports.First, Last: p.media.Ports.Last},
		Clips:  w.sounds.prompts,
		Events: func(owner uint32, ev relay.Event) { s.shards[owner].events = append(s.shards[owner].events, ev) },
		Random: func(n uint32) uint32 { return uint32(random.Uint64() % uint64(n)) },
	}, w.now)
	if err != nil {
		return nil, fmt.Errorf("%s media: %w", p.name, err)
	}
	for i := range p.shards {
		s.shards = append(s.shards, &machine{
			shard: i, stock: node.NewStock(s.media, node.StockConfig{
				Owner: uint32(i), Workers: 1, Addresses: p.media.Addresses, Block: node.StockBlock(s.media.Free(), p.shards),
			}),
		})
	}
	for i, a := range addrs {
		w.at[a] = place{s, flow.Listener(i)}
	}
	return s, nil
}

// borderSource is the number of a border shard's source: 1 for the first, as if
// it were alone, and beyond everybody else's for the others.
func borderSource(shard int) uint64 {
	if shard == 0 {
		return 1
	}
	return 1000 + uint64(shard)
}

// source is one station's stream of random numbers.
func (w *World) source(n uint64) *rand.ChaCha8 {
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], w.network.weather.Seed)
	binary.LittleEndian.PutUint64(seed[8:], n)
	return rand.NewChaCha8(seed)
}

func callIDKey() callid.Key { return callid.Key{1, 2, 3} }

// Advance lets time pass.
func (w *World) Advance(d time.Duration) {
	to := w.now.Add(d)
	w.until(to, func() bool { return false })
}

// until lets time pass up to at, or until done, and says which.
func (w *World) until(at time.Time, done func() bool) bool {
	for !done() {
		next := w.next()
		if next.IsZero() || next.After(at) {
			w.now = at
			return done()
		}
		if next.After(w.now) {
			w.now = next
		}
		w.step()
	}
	return true
}

// next returns when something happens.
func (w *World) next() time.Time {
	at := w.network.next()
	for _, s := range w.nodes {
		at = deadline.Earliest(at, s.deadline())
	}
	for _, p := range w.parties {
		at = deadline.Earliest(at, p.deadline())
		at = deadline.Earliest(at, p.nextWord())
	}
	return at
}

// step does what is due now: packets first, in the order of their arrival.
func (w *World) step() {
	for {
		p, ok := w.network.arrived(w.now)
		if !ok {
			break
		}
		w.deliver(p)
	}
	for _, s := range w.nodes {
		s.timeout(w)
	}
	for _, p := range w.parties {
		p.timeout(w)
		p.speak()
	}
}

func (w *World) deliver(p packet) {
	if at, ok := w.at[p.to]; ok {
		if !at.station.down {
			at.station.datagram(w, at.listener, p.from, p.data)
		}
		return
	}
	if c := w.ears[p.to]; c != nil {
		c.hear(p)
		return
	}
	for _, s := range w.nodes {
		if s.rtp(w, p) {
			return
		}
	}
	for _, r := range w.parties {
		if r.addrs[0].Addr() == p.to.Addr() && len(r.order) > 0 {
			return // a port that the call has left
		}
	}
	w.astray++
}

// send puts a packet on the link between its two ends.
func (w *World) send(p packet, loss float64) {
	if at, ok := w.at[p.from]; ok && at.station.down {
		return
	}
	w.network.send(w.now, p, w.delay(p.from.Addr(), p.to.Addr()), loss)
}

// delay is that of the longer way one of the ends is off: 192.0.2.0 is the
// machine (.0 to .99) and the office, everything else a carrier.
func (w *World) delay(a, b netip.Addr) time.Duration {
	longest := seamDelay
	for _, end := range [...]netip.Addr{a, b} {
		bytes := end.As4()
		switch {
		case bytes[0] != 192:
			return trunkDelay
		case bytes[3] >= 100:
			longest = phoneDelay
		}
	}
	return longest
}
