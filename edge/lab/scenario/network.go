package scenario

import (
	"container/heap"
	"encoding/binary"
	"hash"
	"hash/fnv"
	"math/rand/v2"
	"net/netip"
	"time"
)

// Weather is what links do to packets.
type Weather struct {
	// Seed decides everything random in a world.
	Seed uint64
	// Loss and Repeat are shares of the packets, 0 to 1; of RTP a tenth of the
	// share is lost.
	Loss, Repeat float64
	// Jitter is the most that a packet is late. Later ones overtake it.
	Jitter time.Duration
}

// Fair is weather in which nothing happens to packets.
func Fair(seed uint64) Weather { return Weather{Seed: seed} }

// Foul loses, repeats and reorders.
func Foul(seed uint64) Weather {
	return Weather{Seed: seed, Loss: 0.06, Repeat: 0.04, Jitter: 40 * time.Millisecond}
}

// Storm is weather in which calls fail.
func Storm(seed uint64) Weather {
	return Weather{Seed: seed, Loss: 0.25, Repeat: 0.1, Jitter: 400 * time.Millisecond}
}

// The one-way delays: a seam within one machine, a local network, a trunk.
const (
	seamDelay  = time.Millisecond
	phoneDelay = 2 * time.Millisecond
	trunkDelay = 10 * time.Millisecond
)

// packet is what is under way.
type packet struct {
	at       time.Time
	number   uint64 // keeps the order of packets that arrive together
	from, to netip.AddrPort
	data     []byte
	media    bool // RTP or RTCP
}

// network holds the packets under way, the next to arrive first.
type network struct {
	weather Weather
	// random decides what happens to signalling, voice what happens to media: how
	// much is said moves no message.
	random, voice *rand.Rand
	sent          uint64
	flying        flights
	// digest is of everything that was ever sent, RTP included.
	digest hash.Hash64
}

func newNetwork(w Weather) *network {
	return &network{weather: w, random: rand.New(rand.NewPCG(w.Seed, 0x6e6574)), voice: rand.New(rand.NewPCG(w.Seed, 0x727470)), digest: fnv.New64a()}
}

// send puts a packet on its way; the weather may lose it or make it two.
func (n *network) send(now time.Time, p packet, delay time.Duration, loss float64) {
	var at [8]byte
	binary.LittleEndian.PutUint64(at[:], uint64(now.UnixNano()))
	n.digest.Write(at[:])
	n.digest.Write(p.data)
	random := n.random
	if p.media {
		random = n.voice
	}
	copies := 1
	if n.weather.Loss > 0 && random.Float64() < loss {
		copies = 0
	}
	if n.weather.Repeat > 0 && random.Float64() < n.weather.Repeat {
		copies++
	}
	for range copies {
		p.at = now.Add(delay)
		if n.weather.Jitter > 0 {
			p.at = p.at.Add(time.Duration(random.Int64N(int64(n.weather.Jitter))))
		}
		n.sent++
		p.number = n.sent
		heap.Push(&n.flying, p)
	}
}

// next returns when the next packet arrives, or the zero time.
func (n *network) next() time.Time {
	if len(n.flying) == 0 {
		return time.Time{}
	}
	return n.flying[0].at
}

// arrived takes the next packet that is there by now.
func (n *network) arrived(now time.Time) (packet, bool) {
	if len(n.flying) == 0 || n.flying[0].at.After(now) {
		return packet{}, false
	}
	p, ok := heap.Pop(&n.flying).(packet)
	return p, ok
}

// flights is a heap by arrival (container/heap).
type flights []packet

func (f flights) Len() int { return len(f) }

func (f flights) Less(i, j int) bool {
	if !f[i].at.Equal(f[j].at) {
		return f[i].at.Before(f[j].at)
	}
	return f[i].number < f[j].number
}

func (f flights) Swap(i, j int) { f[i], f[j] = f[j], f[i] }

// Push implements heap.Interface.
func (f *flights) Push(x any) {
	if p, ok := x.(packet); ok {
		*f = append(*f, p)
	}
}

// Pop implements heap.Interface.
func (f *flights) Pop() any {
	old := *f
	last := old[len(old)-1]
	*f = old[:len(old)-1]
	return last
}
