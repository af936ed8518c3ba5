package carrier

import (
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"sekisho/edge/lab/siptest"
	"sekisho/edge/sip/callid"
	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/shard"
	"sekisho/edge/sip/transport"
	"sekisho/edge/sip/ua"
)

// Config is what an exchange is opened with.
type Config struct {
	// Name is its column in a ladder.
	Name string
	// Bind is where it listens, one specific address; port 0 takes a free one.
	// Its media sockets are on the same address.
	Bind netip.AddrPort
	// Border is where its calls go. It may be set later by SetBorder.
	Border netip.AddrPort
	Style  Style
	// Seed makes tags, Call-IDs and RTP start values repeatable; 0 draws them
	// from the system, as peers that remember an earlier run need.
	Seed uint64
	// Line, where given, stands for the line to the border: it may spoil each
	// RTP packet that leaves, in place and without changing its length. It is
	// called from the goroutine of each call.
	Line func(packet []byte)
	// Lean is for calls by the thousand: see lean.go.
	Lean bool
	// Log receives faults of our own; nil discards them.
	Log *slog.Logger
}

// Exchange is a running carrier.
type Exchange struct {
	cfg   Config
	addr  netip.AddrPort
	trace trace
	inbox *shard.Inbox
	rim   *transport.Transport
	loop  *shard.Loop
	desk  *desk
	// speakers are the goroutines of media; Close waits for them.
	speakers sync.WaitGroup
	bell     bell // rung when a call comes in

	mu     sync.Mutex
	random *rand.Rand
	border netip.AddrPort
	answer func(Incoming) Behaviour
	calls  []*Call
	closed bool
}

// Open starts an exchange that refuses every call until Answer is given. The
// error says what could not be bound.
func Open(c Config) (*Exchange, error) {
	if c.Seed == 0 {
		var b [8]byte
		_, _ = crand.Read(b[:]) // never fails
		c.Seed = binary.LittleEndian.Uint64(b[:])
	}
	seed := func(stream uint64) *rand.Rand { return rand.New(rand.NewPCG(c.Seed, stream)) }
	e := &Exchange{
		cfg: c, border: c.Border, random: seed(1), inbox: shard.NewInbox(256),
		answer: func(Incoming) Behaviour { return Refuses(404) },
	}
	e.desk = newDesk(e)
	var err error
	e.rim, err = transport.Open(transport.Config{
		Listeners: []transport.Listen{{Bind: c.Bind, Sources: []transport.Source{{Prefix: everybody(c.Bind.Addr())}}}},
		Shards:    1,
		Key:       callid.Key(binary.BigEndian.AppendUint64(make([]byte, 8), c.Seed)),
		Scan:      header.CallID,
		Deliver:   e.deliver,
		Log:       c.Log,
	})
	if err != nil {
		return nil, fmt.Errorf("open exchange %s: %w", c.Name, err)
	}
	e.addr = e.rim.Addr(0)
	host := e.addr.Addr().String()
	if e.addr.Addr().Is6() {
		host = "[" + host + "]"
	}
	machine := ua.New(ua.Config{
		Source: seed(2),
		Hosts:  []leg.Host{{Name: host, Port: int(e.addr.Port())}},
		// An exchange of the lab takes calls from anybody: who may call whom
		// is what the border is tried for.
		Peer:  func(flow.Flow) (ua.Peer, bool) { return 0, true },
		Terms: func(ua.Peer) leg.Terms { return leg.Terms{Secure: c.Style.Secure} },
		Legs:  &e.desk.legs,
		App:   e.desk,
	})
	e.loop = shard.Run(shard.Config{UA: machine, Send: e.send, Log: c.Log}, e.inbox)
	return e, nil
}

// Addr returns the SIP address it listens on.
func (e *Exchange) Addr() netip.AddrPort { return e.addr }

// Party returns its column for siptest.Ladder.
func (e *Exchange) Party() siptest.Party {
	return siptest.Party{Name: e.cfg.Name, Addrs: []netip.AddrPort{e.addr}}
}

// SetBorder says where calls go from now on.
func (e *Exchange) SetBorder(border netip.AddrPort) {
	e.mu.Lock()
	e.border = border
	e.mu.Unlock()
}

// Answer says how calls that come in are treated from now on. The function
// runs on the loop: it decides and returns.
func (e *Exchange) Answer(f func(Incoming) Behaviour) {
	e.mu.Lock()
	e.answer = f
	e.mu.Unlock()
}

// Trace returns every SIP message in the order it was seen, retransmissions
// included: of a long run the last 32,768 at least.
func (e *Exchange) Trace() []siptest.Message { return e.trace.read(e.addr) }

// Calls returns all calls, placed and received, in their order; a lean exchange
// has forgotten those that are over.
func (e *Exchange) Calls() []*Call {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.calls)
}

// Await returns the oldest received call that match accepts and that no
// earlier Await has returned, waiting for one until ctx ends.
func (e *Exchange) Await(ctx context.Context, match func(Incoming) bool) (*Call, error) {
	for {
		rung := e.bell.next()
		for _, c := range e.Calls() {
			if c.received && match(c.incoming) && c.taken.CompareAndSwap(false, true) {
				return c, nil
			}
		}
		select {
		case <-rung:
		case <-ctx.Done():
			return nil, fmt.Errorf("%s waits for a call: %w", e.cfg.Name, context.Cause(ctx))
		}
	}
}

// AwaitNumber is Await for the number in the Request-URI.
func (e *Exchange) AwaitNumber(ctx context.Context, number string) (*Call, error) {
	return e.Await(ctx, func(in Incoming) bool { return in.Number == number })
}

// Settle returns nil once no call is up and no transaction waits for anything,
// so that Trace is whole: a call is over before its last ACK or 200 has gone.
// It fails when ctx ends before.
func (e *Exchange) Settle(ctx context.Context) error {
	pause := time.NewTicker(time.Millisecond)
	defer pause.Stop()
	// What the loop holds is asked between its steps and its sending, so rest
	// has to be seen twice.
	for seen := 0; seen < 2; {
		held := make(chan ua.Counts, 1)
		e.inbox.Ask(func(_ time.Time, u *ua.UA) []ua.Action {
			held <- u.Counts()
			return nil
		})
		select {
		case c := <-held:
			seen++
			if c.Legs > 0 || c.Transactions.Waiting() > 0 {
				seen = 0
			}
		case <-ctx.Done():
			return fmt.Errorf("%s does not settle: %w", e.cfg.Name, context.Cause(ctx))
		}
		select {
		case <-pause.C:
		case <-ctx.Done():
			return fmt.Errorf("%s does not settle: %w", e.cfg.Name, context.Cause(ctx))
		}
	}
	return nil
}

// Close stops the exchange without a farewell to its peers: calls still up are
// over for it, as when a carrier's equipment dies. It returns when none of its
// goroutines runs any more, and may be called twice.
func (e *Exchange) Close() {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.loop.Close()
	e.rim.Close()
	for _, c := range e.Calls() {
		c.end(cause.Cause{Q850: cause.TemporaryFailure, Text: "exchange closed"}, nil, time.Now())
	}
	e.speakers.Wait()
}

// Panics returns how many steps of the loop ended in a panic of ours.
func (e *Exchange) Panics() uint64 { return e.loop.Panics() }

// deliver notes what came before the loop can answer it.
func (e *Exchange) deliver(_ int, b *transport.Batch) bool {
	for i := range b.Messages {
		e.trace.received(&b.Messages[i])
	}
	return e.inbox.Deliver(b)
}

func (e *Exchange) send(out []transport.Outgoing) int {
	now := time.Now()
	for i := range out {
		e.trace.sent(now, &out[i])
	}
	return e.rim.Send(out)
}

// order has f run on the loop, where the desk may be touched.
func (e *Exchange) order(f func(now time.Time, d *desk)) {
	e.inbox.Ask(func(now time.Time, _ *ua.UA) []ua.Action {
		f(now, e.desk)
		return nil
	})
}

// enter adds a call to the list and gives it media; a failure is the call's.
func (e *Exchange) enter(c *Call, voice uint64, mute bool) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls = append(e.calls, c)
	if e.closed {
		return fmt.Errorf("exchange %s is closed", e.cfg.Name)
	}
	m, err := openMedia(e.addr.Addr(), e.random.Uint64(), &c.bell)
	if err != nil {
		return err
	}
	m.line, m.lean, m.mute = e.cfg.Line, e.cfg.Lean, mute
	c.media = m
	// Owned by the Exchange; they end when the call closes its media.
	e.speakers.Go(func() { m.speak(voice) })
	e.speakers.Go(m.listen)
	e.speakers.Go(m.listenRTCP)
	return nil
}

// newCallID returns a Call-ID in a carrier's usual form.
func (e *Exchange) newCallID() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return strconv.FormatUint(e.random.Uint64(), 36) + strconv.FormatUint(e.random.Uint64(), 36) + "@" + e.cfg.Style.Domain
}

// everybody is the prefix of all addresses of a's family.
func everybody(a netip.Addr) netip.Prefix {
	if a.Unmap().Is4() {
		return netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	}
	return netip.PrefixFrom(netip.IPv6Unspecified(), 0)
}

// bell wakes whoever waits for a change.
type bell struct {
	mu sync.Mutex
	ch chan struct{}
}

// next returns a channel that is closed at the next ring. Ask for it before
// looking at what may change.
func (b *bell) next() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch == nil {
		b.ch = make(chan struct{})
	}
	return b.ch
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch != nil {
		close(b.ch)
		b.ch = nil
	}
}
