package load

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"
)

// Config is what a trial is started with. Zero values stand for the defaults.
type Config struct {
	// Caller and Callee are where the two ends of the calls listen for SIP; port
	// 0 takes a free one. Media sockets are on the same addresses.
	Caller, Callee netip.AddrPort
	// Border is where INVITEs go; the zero value is Callee itself: the direct
	// path, to be subtracted from what a border costs.
	Border netip.AddrPort
	// CallerSeenAs and CalleeSeenAs replace the addresses in Via and Contact
	// where something forwards between an end and the border.
	CallerSeenAs, CalleeSeenAs netip.AddrPort

	// Calls is how many are placed in all, Rate how many a second.
	Calls  int
	Rate   float64
	Pacing Pacing
	Mix    Mix
	// Ring is how long a callee rings (default 200 ms), Talk how long an
	// answered call stands (default 1 s).
	Ring, Talk time.Duration
	// Callers are the numbers that call, in national form and by turns.
	Callers []string
	// Dialled precedes the four digits, 1000 to 9999, that tell the calls of the
	// moment apart (default 8030000: an external number behind the prefix 8).
	Dialled string
	// Seed decides kinds, arrivals and payloads.
	Seed uint64

	// Share is how many calls share a media socket (default 8).
	Share int
	// SRTP has the caller key its media by SDES; the callee's is plain, so that a
	// border has one of each. Calls then share no socket: on the direct path the
	// one of a packet is told by its source.
	SRTP bool
	// Fault spoils what is sent.
	Fault Fault
	// Scope is whom the trial may speak to.
	Scope Scope
	// Limit ends the trial whatever stands then (default: the arrivals, Talk
	// and two minutes).
	Limit time.Duration
}

// Pacing is how arrivals follow each other.
type Pacing uint8

// Even spaces calls equally, Poisson draws the spaces from an exponential
// distribution of the same mean.
const (
	Even Pacing = iota
	Poisson
)

// Mix is the share, of 1, of each kind that is not Talked.
type Mix struct{ Abrupt, Cancelled, Busy, Unacknowledged float64 }

// Kind is what becomes of a call.
type Kind uint8

// The kinds of calls.
const (
	// Talked rings, is answered, carries media and ends with BYE, the two ends
	// hanging up by turns.
	Talked Kind = iota
	// Abrupt is Talked with 183 and 200 back to back.
	Abrupt
	// Cancelled is given up while it rings: 487.
	Cancelled
	// Busy is refused by the callee: 486.
	Busy
	// Unacknowledged is answered and gets no ACK: whoever answered must end it
	// (RFC 3261 §13.3.1.4).
	Unacknowledged
	kinds
)

// String returns the kind's name.
func (k Kind) String() string {
	return [...]string{"talked", "abrupt", "cancelled", "busy", "unacknowledged"}[k]
}

func (k Kind) speaks() bool { return k == Talked || k == Abrupt }

// Fault is what is wrong with one packet in fifty of each stream.
type Fault uint8

// The faults.
const (
	NoFault Fault = iota
	Lose
	Repeat
	Corrupt
	// Swap puts another call's name into the payload.
	Swap
	faults
)

// faultEvery is how many packets lie between two spoilt ones.
const faultEvery = 50

// String returns the fault's name.
func (f Fault) String() string {
	return [...]string{"none", "lose", "repeat", "corrupt", "swap"}[f]
}

// ParseFault returns the fault of that name.
func ParseFault(name string) (Fault, error) {
	for f := range faults {
		if f.String() == name {
			return f, nil
		}
	}
	return NoFault, fmt.Errorf("no fault is called %q", name)
}

// Scope says which addresses a trial may speak to.
type Scope uint8

const (
	// Laboratory is loopback and the addresses of documentation (RFC 5737,
	// RFC 3849).
	Laboratory Scope = iota
	// Live is everywhere.
	Live
)

// ErrLive is the error of an address outside the laboratory.
var ErrLive = errors.New("address is neither loopback nor for documentation")

func (s Scope) check(a netip.AddrPort) error {
	if s == Live || a.Addr().Unmap().IsLoopback() {
		return nil
	}
	for _, p := range documentation() {
		if p.Contains(a.Addr().Unmap()) {
			return nil
		}
	}
	return fmt.Errorf("%w: %s", ErrLive, a)
}

func documentation() [4]netip.Prefix {
	four := func(a, b, c byte) netip.Prefix { return netip.PrefixFrom(netip.AddrFrom4([4]byte{a, b, c}), 24) }
	return [4]netip.Prefix{
		four(192, 0, 2), four(198, 51, 100), four(203, 0, 113),
		netip.PrefixFrom(netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8}), 32),
	}
}

// filled puts the defaults where c is silent.
func (c Config) filled() Config {
	or := func(d *time.Duration, otherwise time.Duration) {
		if *d == 0 {
			*d = otherwise
		}
	}
	or(&c.Ring, 200*time.Millisecond)
	or(&c.Talk, time.Second)
	if c.Rate > 0 {
		or(&c.Limit, time.Duration(float64(c.Calls)/c.Rate*float64(time.Second))+c.Talk+2*time.Minute)
	}
	if c.Dialled == "" {
		c.Dialled = "8030000"
	}
	if c.Share == 0 {
		c.Share = 8
	}
	if c.SRTP {
		c.Share = 1
	}
	return c
}

// check returns everything that is wrong with c.
func (c *Config) check() error {
	var all []error
	fault := func(wrong bool, format string, args ...any) {
		if wrong {
			all = append(all, fmt.Errorf(format, args...))
		}
	}
	fault(!c.Caller.IsValid() || !c.Callee.IsValid(), "both ends need an address")
	for _, a := range []netip.AddrPort{c.Caller, c.Callee, c.Border, c.CallerSeenAs, c.CalleeSeenAs} {
		if a.IsValid() {
			all = append(all, c.Scope.check(a))
		}
	}
	fault(c.Calls < 1, "calls are %d, at least 1 is needed", c.Calls)
	fault(!(c.Rate > 0 && c.Rate <= 100_000), "rate is %v calls/s, more than 0 and at most 100,000 are needed", c.Rate)
	fault(c.Ring < 0 || c.Talk < 0 || c.Limit < 0, "a time is negative")
	fault(len(c.Callers) == 0, "nobody calls")
	fault(c.Share < 1 || c.Share > maxShare, "%d calls share a socket, 1 to %d may", c.Share, maxShare)
	sum := 0.0
	for _, share := range [...]float64{c.Mix.Abrupt, c.Mix.Cancelled, c.Mix.Busy, c.Mix.Unacknowledged} {
		fault(!(share >= 0), "a share of the mix is %v", share)
		sum += share
	}
	fault(sum > 1, "the mix sums up to %v, more than all calls", sum)
	return errors.Join(all...)
}

// deal draws the kind of the next call.
func (m Mix) deal(r *rand.Rand) Kind {
	at := r.Float64()
	for k, share := range [kinds]float64{Abrupt: m.Abrupt, Cancelled: m.Cancelled, Busy: m.Busy, Unacknowledged: m.Unacknowledged} {
		if at -= share; at < 0 {
			return Kind(k)
		}
	}
	return Talked
}

// gap draws the time until the next arrival.
func (p Pacing) gap(r *rand.Rand, rate float64) time.Duration {
	mean := float64(time.Second) / rate
	if p == Poisson {
		mean *= r.ExpFloat64()
	}
	return time.Duration(mean)
}
