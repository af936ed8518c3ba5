package node

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net/netip"
	"runtime"
	"time"

	"sekisho/edge/border"
	"sekisho/edge/cdr"
	"sekisho/edge/config"
	"sekisho/edge/core"
	"sekisho/edge/ops"
	"sekisho/edge/sip/callid"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/shard"
	"sekisho/edge/sip/transport"
	"sekisho/edge/sip/ua"
	"sekisho/media/dtls"
	"sekisho/media/engine"
	"sekisho/media/port"
	"sekisho/media/prompt"
	"sekisho/media/relay"
)

// Options are what a run chooses beside its configuration.
type Options struct {
	Log *slog.Logger
	// Clips replaces the embedded prompts and the configured folder.
	Clips engine.Clips
	// Shards of the border; 0 is one per core that Go may use. The core is one
	// loop whatever this is: its shard key is the tenant, and no state of one
	// crosses to another, so that it can be divided without a change of shape.
	Shards int
	// Workers of the border's media engine; 0 is one per core.
	Workers int
}

// Node is a running instance.
type Node struct {
	// cfg is what the instance was started with, running what it has become by
	// Reload.
	cfg     *config.Config
	running *config.Config
	opt     Options
	at      Sockets
	key     callid.Key
	records *journal[*cdr.Record]
	// activities are written by the embedded core's loop alone.
	activities *journal[*cdr.Activity]
	board      *Board
	border     application
	core       application
	borders    []*border.Border
	cores      []*core.Core
	metrics    *ops.Metrics
	// scraped serves metrics; nil where none are asked for.
	scraped *ops.Server
}

// application is one half of a node: border or core.
type application struct {
	transport *transport.Transport
	engine    *engine.Engine
	loops     []*shard.Loop
	inboxes   []*shard.Inbox
	stocks    []*Stock
	dtls      dtls.Config
}

// inboxDepth is how many batches of up to 64 datagrams may wait for a shard.
const inboxDepth = 256

// Open starts everything or nothing.
func Open(c *config.Config, opt Options) (n *Node, err error) {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Shards <= 0 {
		opt.Shards = runtime.GOMAXPROCS(0)
	}
	if opt.Workers == 0 {
		opt.Workers = runtime.GOMAXPROCS(0)
	}
	if opt.Clips == nil {
		set, err := prompt.Load(c.Prompts.Folder)
		if err != nil {
			return nil, err
		}
		opt.Clips = set
	}
	tables, err := c.Tables()
	if err != nil {
		return nil, err
	}
	secrets, err := ReadSecrets(c)
	if err != nil {
		return nil, err
	}
	n = &Node{cfg: c, running: c, opt: opt}
	if _, err := rand.Read(n.key[:]); err != nil {
		return nil, fmt.Errorf("random key: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.Close())
		}
	}()
	n.metrics = ops.NewMetrics(ops.MetricsConfig{Trunks: trunkNames(c), State: n.State, Drops: n.dropped})
	if n.records, err = openRecords(c.CDR.File, n.metrics, opt.Log); err != nil {
		return n, err
	}
	if n.activities, err = openJournal[*cdr.Activity](c.Activity.File, "activities", nil, opt.Log); err != nil {
		return n, err
	}
	if err := n.openSockets(); err != nil {
		return n, err
	}
	if err := n.openMedia(); err != nil {
		return n, err
	}
	limits := NewGate(c)
	n.board = NewBoard(c, n.at, source())
	for i := range opt.Shards {
		u, b := Border(c, tables, n.at, Shard{Source: source(), Key: n.key, Ports: n.border.stocks[i], Limits: limits.Share(), Health: n.board})
		n.borders = append(n.borders, b)
		if i == 0 {
			b.StartProbes(time.Now())
		}
		n.border.run(u, i, n)
	}
	if c.Core.Mode == config.Embedded {
		u, k := Core(c, n.at, Shard{Source: source(), Key: n.key, Ports: n.core.stocks[0], Phones: secrets, Certificate: n.core.fingerprint()})
		n.cores = append(n.cores, k)
		n.core.run(u, 0, n)
	}
	if at := c.Metrics.Listen; at.IsValid() {
		if n.scraped, err = n.metrics.Serve(at); err != nil {
			return n, err
		}
	}
	return n, nil
}

// source is a cryptographic generator seeded by the system: what branches,
// tags and Call-IDs come from must not be guessed.
func source() *mathrand.ChaCha8 {
	var seed [32]byte
	_, _ = rand.Read(seed[:]) // it never fails (crypto/rand)
	return mathrand.NewChaCha8(seed)
}

func (a *application) run(u *ua.UA, i int, n *Node) {
	a.loops = append(a.loops, shard.Run(shard.Config{
		UA: u, Send: a.transport.Send, Media: a.engine.Do, Record: n.records.offer, Activity: n.activities.offer, Log: n.opt.Log,
	}, a.inboxes[i]))
}

// openSockets binds the border's listeners and the embedded core's, and tells
// each of the addresses that were found free.
func (n *Node) openSockets() error {
	c := n.cfg
	var err error
	listeners := make([]transport.Listen, len(c.Border.Listeners))
	for i, l := range c.Border.Listeners {
		listeners[i] = transport.Listen{Proto: l.Proto, Bind: l.Bind, Sources: n.trunkSources(flow.Listener(i))}
	}
	if err := n.border.open(n, listeners, n.opt.Shards); err != nil {
		return fmt.Errorf("border: %w", err)
	}
	for i, l := range c.Border.Listeners {
		n.at.Border = append(n.at.Border, advertised(l.Advertise, n.border.transport.Addr(flow.Listener(i))))
	}
	n.at.Facing = n.border.transport.Addr(c.Core.Listener)
	n.at.Seam = c.Core.Seam
	if c.Core.Mode == config.Embedded {
		if err := n.openCoreSockets(); err != nil {
			return fmt.Errorf("core: %w", err)
		}
	}
	seam := seamSources(c, n.at)
	err = n.border.transport.SetSources(c.Core.Listener, append(n.trunkSources(c.Core.Listener), seam...))
	if err != nil {
		return fmt.Errorf("seam: %w", err)
	}
	return nil
}

func (n *Node) openCoreSockets() error {
	c := n.cfg
	facing := n.at.Facing
	listeners := []transport.Listen{{
		Bind:    c.Core.Seam[0],
		Sources: []transport.Source{{Prefix: netip.PrefixFrom(facing.Addr(), facing.Addr().BitLen()), Port: facing.Port()}},
	}}
	for _, p := range c.Core.Phones {
		listeners = append(listeners, transport.Listen{Bind: p, Sources: phoneSources(c)})
	}
	if err := n.core.open(n, listeners, 1); err != nil {
		return err
	}
	n.at.Seam = []netip.AddrPort{n.core.transport.Addr(0)}
	for i := range c.Core.Phones {
		n.at.Phones = append(n.at.Phones, n.core.transport.Addr(flow.Listener(i+1)))
	}
	return nil
}

// open makes the inboxes first: readers deliver from before Open returns.
func (a *application) open(n *Node, listeners []transport.Listen, shards int) (err error) {
	for range shards {
		a.inboxes = append(a.inboxes, shard.NewInbox(inboxDepth))
	}
	a.transport, err = transport.Open(transport.Config{
		Listeners: listeners, Shards: shards, Key: n.key, Scan: header.CallID, Replaces: header.Replaced, Log: n.opt.Log,
		Deliver: func(i int, b *transport.Batch) bool { return a.inboxes[i].Deliver(b) },
	})
	return err
}

func (n *Node) trunkSources(l flow.Listener) []transport.Source {
	var list []transport.Source
	for i := range n.cfg.Trunks {
		t := &n.cfg.Trunks[i]
		if t.Listener != l {
			continue
		}
		for _, from := range t.From {
			list = append(list, transport.Source{Prefix: from.Prefix, Port: from.Port, Rate: datagramsOf(t.Limits.CPS)})
		}
	}
	return list
}

// datagramsOf is how many SIP datagrams a second are taken from each prefix of
// a trunk that may place cps calls a second; none is stated where that has no
// limit. A call takes three to ten; what repeats itself after a loss, and the
// answers to calls the other way, find room in the rest. Beyond that it is a
// flood, of the trunk's or of somebody who forges its address, and costs other
// trunks nothing.
func datagramsOf(cps int) int {
	if cps == 0 {
		return 0
	}
	const perCall, least = 25, 250
	return max(least, perCall*cps)
}

// advertised fills in the port that the system chose.
func advertised(wanted, bound netip.AddrPort) netip.AddrPort {
	if !wanted.IsValid() {
		return bound
	}
	if wanted.Port() == 0 {
		return netip.AddrPortFrom(wanted.Addr(), bound.Port())
	}
	return wanted
}

// openMedia starts the engines. Two thirds of the descriptors are the
// border's: every call passes it, and the core's calls are among them.
func (n *Node) openMedia() error {
	descriptors, err := engine.DescriptorLimit()
	if err != nil {
		return err
	}
	c := n.cfg
	borderShare := descriptors
	if c.Core.Mode == config.Embedded {
		borderShare = descriptors * 2 / 3
	}
	if err := n.border.openMedia(c.Border.Media, n.opt.Workers, borderShare, n); err != nil {
		return fmt.Errorf("border media: %w", err)
	}
	if c.Core.Mode == config.Embedded {
		if n.core.dtls, err = handshakes(c); err != nil {
			return fmt.Errorf("core media: %w", err)
		}
		if err := n.core.openMedia(c.Core.Media, 1, descriptors-borderShare, n); err != nil {
			return fmt.Errorf("core media: %w", err)
		}
	}
	return nil
}

func (a *application) openMedia(m config.Media, workers, descriptors int, n *Node) (err error) {
	random := source()
	a.engine, err = engine.Open(engine.Config{
		Workers: workers, Addresses: m.Addresses, Ports: port.Range{First: m.Ports.First, Last: m.Ports.Last},
		Descriptors: descriptors, Stock: EngineStock(len(a.inboxes)), Clips: n.opt.Clips,
		Events: func(owner uint32, ev relay.Event) { a.inboxes[owner].Event(ev) },
		Fault: func(fault any, stack []byte) {
			n.opt.Log.Error("panic in a media worker", "panic", fmt.Sprint(fault), "stack", string(stack))
		},
		Random: func(k uint32) uint32 { return uint32(random.Uint64() % uint64(k)) },
		DTLS:   a.dtls,
	})
	if err != nil {
		return err
	}
	block := StockBlock(a.engine.Free(), len(a.inboxes)*workers*len(m.Addresses))
	for i := range a.inboxes {
		a.stocks = append(a.stocks, NewStock(a.engine, StockConfig{
			Owner: uint32(i), Workers: workers, Addresses: m.Addresses, Block: block,
		}))
	}
	return nil
}

// Sockets returns the SIP addresses in use.
func (n *Node) Sockets() Sockets { return n.at }

// Close ends the instance: its calls, then loops, media, sockets, records.
func (n *Node) Close() error {
	var errs []error
	n.hangUp()
	if n.scraped != nil {
		errs = append(errs, n.scraped.Close())
	}
	for _, a := range []*application{&n.border, &n.core} {
		for _, l := range a.loops {
			l.Close()
		}
		a.loops = nil
	}
	for _, a := range []*application{&n.border, &n.core} {
		if a.engine != nil {
			errs = append(errs, a.engine.Close())
		}
		if a.transport != nil {
			a.transport.Close()
		}
	}
	if n.records != nil {
		errs = append(errs, n.records.close())
	}
	if n.activities != nil {
		errs = append(errs, n.activities.close())
	}
	return errors.Join(errs...)
}
