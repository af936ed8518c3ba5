package ua

import (
	"bytes"
	"encoding/gob"
	"math/rand/v2"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/token"
)

// witness holds the wire and the applications to what must be true of every
// call, whatever was said and lost.
type witness struct {
	n *net
	// invites are the INVITEs, PRACKs and UPDATEs each shard received, by branch
	// and method; finals the final responses it sent to them.
	invites map[string]*UA
	finals  map[string]map[string]bool
	updates map[string]bool
	// accepted is when the callee first sent its 2xx to the dialog's first
	// INVITE, acked whether its ACK came.
	accepted time.Time
	acked    bool
	// described is the number of the callee's reliable response with a
	// description that waits for its PRACK, rseq that of the last one at all,
	// open whether that one waits.
	described, rseq string
	open            bool
}

func watch(n *net) *witness {
	w := &witness{n: n, invites: map[string]*UA{}, finals: map[string]map[string]bool{}, updates: map[string]bool{}}
	n.onSend, n.onReceive = w.sent, w.received
	return w
}

func (w *witness) received(u *UA, data string) {
	switch {
	case strings.HasPrefix(data, "PRACK ") && u == w.n.b && strings.Contains(data, "\r\nRAck: "+w.rseq+" "):
		w.described, w.open = "", false
		w.invites[branchOf(data)] = u
	case strings.HasPrefix(data, "UPDATE "):
		w.updates[branchOf(data)] = true // which the application may leave unanswered
		w.invites[branchOf(data)] = u
	case strings.HasPrefix(data, "INVITE "), strings.HasPrefix(data, "PRACK "):
		w.invites[branchOf(data)] = u
	case u == w.n.b && strings.HasPrefix(data, "ACK ") && strings.Contains(data, "\r\nCSeq: 1 ACK\r\n"):
		w.acked = true
	}
}

func (w *witness) sent(u *UA, data string) {
	switch {
	case strings.HasPrefix(data, "BYE ") && u == w.n.b:
		// "the callee's UA MUST NOT send a BYE on a confirmed dialog until it
		// has received an ACK for its 2xx response or until the server
		// transaction times out" (RFC 3261 §15).
		if !w.acked && w.n.now.Sub(w.accepted) < 32*time.Second {
			w.n.t.Fatalf("the callee sent BYE before the ACK\n%s", strings.Join(w.n.trace, "\n"))
		}
	case u == w.n.b && strings.HasPrefix(data, "SIP/2.0 1") && strings.Contains(data, "\r\nRSeq: "):
		w.reliable(data)
	case strings.HasPrefix(data, "SIP/2.0 1"), !strings.HasPrefix(data, "SIP/2.0 "):
	case !strings.Contains(data, " INVITE\r\n") && !strings.Contains(data, " PRACK\r\n") && !strings.Contains(data, " UPDATE\r\n"):
	default:
		if u == w.n.b && w.accepted.IsZero() && strings.HasPrefix(data, "SIP/2.0 2") && strings.Contains(data, " INVITE\r\n") {
			w.accepted = w.n.now
			if w.described != "" {
				// "the UAS MUST delay sending the 2xx until the provisional
				// response is acknowledged" (RFC 3262 §3).
				w.n.t.Fatalf("a 2xx before the PRACK for %s\n%s", w.described, strings.Join(w.n.trace, "\n"))
			}
		}
		key := branchOf(data)
		if w.finals[key] == nil {
			w.finals[key] = map[string]bool{}
		}
		w.finals[key][data] = true
	}
}

// reliable is a reliable provisional response of the callee's: "The UAS MUST NOT
// send a second reliable provisional response until the first is acknowledged"
// (RFC 3262 §3).
func (w *witness) reliable(data string) {
	_, rest, _ := strings.Cut(data, "\r\nRSeq: ")
	rseq, _, _ := strings.Cut(rest, "\r\n")
	if rseq == w.rseq {
		return
	}
	last, _ := strconv.Atoi(w.rseq)
	if next, _ := strconv.Atoi(rseq); w.open || last != 0 && next != last+1 {
		w.n.t.Fatalf("%s behind %s\n%s", rseq, w.rseq, strings.Join(w.n.trace, "\n"))
	}
	w.rseq, w.open = rseq, true
	if w.described = ""; strings.Contains(data, "\r\nm=audio") {
		w.described = rseq
	}
}

// judge is for the end: every INVITE has had one final response, and every
// application one end for each leg and nothing after it.
func (w *witness) judge() {
	w.n.t.Helper()
	for key := range w.invites {
		if got := len(w.finals[key]); got != 1 && (got != 0 || !w.updates[key]) {
			w.n.t.Fatalf("INVITE %s got %d final responses\n%s", key, got, strings.Join(w.n.trace, "\n"))
		}
	}
	for name, p := range map[string]*party{"A": w.n.pa, "B": w.n.pb} {
		ends := 0
		for i, line := range p.log {
			if strings.HasPrefix(line, "ended") {
				if ends++; i != len(p.log)-1 {
					w.n.t.Fatalf("%s was told of more than the end: %v\n%s", name, p.log, strings.Join(w.n.trace, "\n"))
				}
			}
		}
		if ends != 1 && (len(p.log) > 0 || name == "A") {
			w.n.t.Fatalf("%s was told of %d ends: %v\n%s", name, ends, p.log, strings.Join(w.n.trace, "\n"))
		}
	}
}

func branchOf(data string) string {
	_, rest, _ := strings.Cut(data, "branch=")
	end := strings.IndexAny(rest, ";\r")
	return rest[:end]
}

// whim returns a command that fits some state, sensible or not.
func whim(n *net, self netip.AddrPort) leg.Command {
	m := *media(self)
	switch n.rng.IntN(16) {
	case 0:
		return leg.Ring{Status: 180}
	case 1:
		return leg.Ring{Status: 180, Reliable: true}
	case 14, 15:
		return leg.Ring{Status: 183, Media: &m, Reliable: true}
	case 2:
		return leg.Ring{Status: 183, Media: &m}
	case 3, 4, 5:
		return leg.Answer{Media: &m}
	case 6:
		return leg.Answer{}
	case 7, 8:
		return leg.Reoffer{Media: m}
	case 9, 10:
		return leg.AnswerOffer{Media: m}
	case 11:
		return leg.RefuseOffer{Status: 488}
	case 12:
		return leg.Acknowledge{Media: m}
	}
	return leg.HangUp{Cause: cause.Cause{Status: 486, Q850: cause.UserBusy}}
}

// carry takes both shards through their snapshots, as a restart would.
func (n *net) carry(seed uint64) {
	a, b := n.restart(n.a, n.pa, addrA, addrB, seed), n.restart(n.b, n.pb, addrB, addrA, seed+1)
	for i := range n.wire {
		if n.wire[i].to == n.a {
			n.wire[i].to = a
		} else {
			n.wire[i].to = b
		}
	}
	n.a, n.b = a, b
}

func (n *net) restart(u *UA, p *party, self, peer netip.AddrPort, seed uint64) *UA {
	n.t.Helper()
	file := encode(n.t, u.Snapshot(n.now))
	var s Snapshot
	if err := gob.NewDecoder(bytes.NewReader(file)).Decode(&s); err != nil {
		n.t.Fatal(err)
	}
	p.legs = Sequence{}
	v, err := Restore(config(p, self, peer, token.Source(rand.New(rand.NewPCG(seed, 9)))), n.now, s)
	if err != nil {
		n.t.Fatal(err)
	}
	if !bytes.Equal(file, encode(n.t, v.Snapshot(n.now))) {
		n.t.Fatalf("something was lost on the way:\n%+v\n%+v", s.Legs, v.Snapshot(n.now).Legs)
	}
	return v
}

func encode(t *testing.T, s Snapshot) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := gob.NewEncoder(&file).Encode(s); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// stream lives one call under the whims of seed.
func stream(t *testing.T, seed uint64) {
	n := newNet(t, seed, 0)
	n.loss = 0.4 * n.rng.Float64()
	n.dup = 0.2 * n.rng.Float64()
	n.jitter = time.Duration(1+n.rng.IntN(600)) * time.Millisecond
	w := watch(n)
	id := n.pa.legs.Next()
	n.pa.terms.Rel100 = leg.Reliability(seed / 4 % 3)
	n.pb.terms.Rel100 = leg.Reliability(seed / 12 % 3)
	offer := media(addrA)
	if n.rng.IntN(4) == 0 {
		offer = nil
	}
	n.do(n.a, id, call(offer))
	restart := seed%4 == 1
	for step := range 3 + n.rng.IntN(14) {
		n.run(time.Duration(n.rng.IntN(1500)) * time.Millisecond)
		if restart && n.rng.IntN(4) == 0 {
			n.carry(seed + 100*uint64(1+step)) // the numbers go on, they do not begin again
			w.n = n
		}
		if n.rng.IntN(3) == 0 {
			n.do(n.a, id, whim(n, addrA))
		} else if n.pb.last != 0 {
			n.do(n.b, n.pb.last, whim(n, addrB))
		}
	}
	n.run(40 * time.Second)
	n.do(n.a, id, leg.HangUp{})
	n.do(n.b, n.pb.last, leg.HangUp{})
	n.settled()
	w.judge()
}

func TestStreams(t *testing.T) {
	seeds := uint64(500)
	if os.Getenv("SEKISHO_REQUIRE") != "" {
		seeds = 2000
	}
	for seed := range seeds {
		stream(t, seed)
	}
}
