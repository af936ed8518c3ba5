package transaction

import (
	"bytes"
	"cmp"
	"encoding/gob"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/token"
)

// A link carries datagrams between two tables: it loses, delays, reorders and
// doubles them as its seed says.
type link struct {
	t      *testing.T
	rng    *rand.Rand
	loss   float64
	now    time.Time
	flight []datagram
	seq    int
	log    strings.Builder

	uac, uas *side
	restart  bool
}

type datagram struct {
	at   time.Time
	seq  int
	to   *side
	data []byte
}

// A side is a table and a transaction user of the least that shows it sound.
type side struct {
	name  string
	table *Table
	peer  *side
	// finals counts each transaction's first final responses and failures.
	open, ended map[ID]bool
	finals      map[ID]int

	// The UAS answers ringing's INVITE with status after rings, and repeats a
	// 2xx at repeatAt until its ACK comes.
	status   int
	rings    time.Duration
	ringing  Arrived
	answerAt time.Time
	repeatAt time.Time
	wait     time.Duration
	invites  int

	// cancels makes the UAC send CANCEL after 300 ms.
	cancels bool
}

func newLink(t *testing.T, seed uint64) *link {
	rng := rand.New(rand.NewPCG(seed, 1))
	side := func(name string) *side {
		return &side{
			name: name, table: NewTable(Config{Tokens: rand.NewPCG(seed, 2)}),
			open: map[ID]bool{}, ended: map[ID]bool{}, finals: map[ID]int{},
		}
	}
	l := &link{t: t, rng: rng, now: epoch, loss: float64(seed%5) * 0.15, uac: side("uac"), uas: side("uas")}
	l.uac.peer, l.uas.peer = l.uas, l.uac
	l.uas.status = []int{200, 486}[rng.IntN(2)]
	l.uas.rings = time.Duration(rng.IntN(1000)) * time.Millisecond
	l.uac.cancels = rng.IntN(3) == 0
	l.restart = rng.IntN(2) == 0
	return l
}

// call places one INVITE, and a BYE once it was answered, and returns when
// both tables are empty.
func (l *link) call() {
	l.step(l.uac, Request{Owner: 1, Flow: udp, Request: newRequest(l.t, sip.INVITE, branch)})
	if l.uac.cancels {
		l.at(300*time.Millisecond, l.uac, nil)
	}
	for range 100000 {
		if l.restart && l.rng.IntN(20) == 0 {
			l.swap(l.uac)
			l.swap(l.uas)
		}
		if !l.next() {
			return
		}
	}
	l.t.Fatal("the call does not end")
}

// swap replaces a table by what its snapshot gives.
func (l *link) swap(s *side) {
	snap := s.table.Snapshot(l.now)
	var wire bytes.Buffer
	var read Snapshot
	if err := cmp.Or(gob.NewEncoder(&wire).Encode(snap), gob.NewDecoder(&wire).Decode(&read)); err != nil {
		l.t.Fatalf("a snapshot is not plain data: %v", err)
	}
	if len(read.Transactions) == 0 {
		read.Transactions = []Saved{}
	}
	s.table = Restore(l.now, Config{Tokens: rand.NewPCG(9, 9)}, read)
	if again := s.table.Snapshot(l.now); !reflect.DeepEqual(snap, again) {
		l.t.Fatalf("snapshot %+v\ncame back %+v", snap, again)
	}
}

// next lets the earliest thing happen.
func (l *link) next() bool {
	var at time.Time
	earlier := func(d time.Time) bool { return !d.IsZero() && (at.IsZero() || d.Before(at)) }
	var act func()
	for _, s := range []*side{l.uac, l.uas} {
		if d, _ := s.table.Deadline(); earlier(d) {
			at, act = d, func() { l.step(s, Timeout{}) }
		}
		if earlier(s.answerAt) {
			at, act = s.answerAt, func() { l.answer(s) }
		}
		if earlier(s.repeatAt) {
			at, act = s.repeatAt, func() { l.repeat(s) }
		}
	}
	if len(l.flight) > 0 && earlier(l.flight[0].at) {
		d := l.flight[0]
		at, act = d.at, func() {
			l.flight = l.flight[1:]
			if d.data == nil {
				l.cancel(d.to)
				return
			}
			m, err := sip.ParseMessage(d.data)
			if err != nil {
				l.t.Fatalf("table sent %q: %v", d.data, err)
			}
			l.step(d.to, Received{Flow: udp, Message: m})
		}
	}
	if act == nil {
		return false
	}
	if at.Before(l.now) {
		l.t.Fatalf("a deadline %v in the past", l.now.Sub(at))
	}
	l.now = at
	act()
	return true
}

func (l *link) step(s *side, in Input) {
	for _, a := range s.table.Handle(l.now, in, nil) {
		if id := idOf(a); id != 0 && s.ended[id] {
			l.t.Fatalf("%s: %s after its end\n%s", s.name, briefAction(a), l.log.String())
		}
		fmt.Fprintf(&l.log, "%8.3f %s %s\n", l.now.Sub(epoch).Seconds(), s.name, briefAction(a))
		l.act(s, a)
	}
}

func (l *link) act(s *side, a Action) {
	switch a := a.(type) {
	case Send:
		l.send(s.peer, a.Data)
	case Started:
		s.open[a.ID] = true
	case Arrived:
		l.arrived(s, a)
	case Cancelled:
		s.answerAt = time.Time{}
		l.step(s, Respond{ID: a.ID, Response: Reply(s.ringing.Request, 487, "", "uas")})
	case Answered:
		l.answered(s, a)
	case Failed:
		if a.Reason != Unacknowledged {
			s.finals[a.ID]++
		}
	case Ended:
		s.ended[a.ID] = true
		delete(s.open, a.ID)
	}
}

func (l *link) arrived(s *side, a Arrived) {
	switch a.Request.Method {
	case sip.INVITE:
		s.invites++
		s.open[a.ID] = true
		s.ringing, s.answerAt = a, l.now.Add(s.rings)
		l.step(s, Respond{ID: a.ID, Response: Reply(a.Request, 100, "", "")})
		l.step(s, Respond{ID: a.ID, Response: Reply(a.Request, 180, "", "uas")})
	case sip.ACK:
		s.repeatAt = time.Time{}
	default:
		s.open[a.ID] = true
		l.step(s, Respond{ID: a.ID, Response: Reply(a.Request, 200, "", "uas")})
	}
}

func (l *link) answer(s *side) {
	s.answerAt = time.Time{}
	l.step(s, Respond{ID: s.ringing.ID, Response: Reply(s.ringing.Request, s.status, "", "uas")})
	if s.status == 200 {
		s.wait = 500 * time.Millisecond
		s.repeatAt = l.now.Add(s.wait)
	}
}

func (l *link) answered(s *side, a Answered) {
	if a.Response.StatusCode < 200 {
		return
	}
	invite := a.Response.CSeq().MethodName == sip.INVITE
	firstFinal := s.finals[a.ID] == 0
	if firstFinal || !invite {
		s.finals[a.ID]++
	}
	if invite && a.Response.IsSuccess() {
		ack := newRequest(l.t, sip.ACK, string(token.NewBranch(rand.NewPCG(uint64(l.seq), 3))))
		l.step(s, SendOnce{Flow: udp, Request: ack})
		if firstFinal {
			l.step(s, Request{Owner: 1, Flow: udp, Request: newRequest(l.t, sip.BYE, "z9hG4bKbye")})
		}
	}
}

// repeat is the dialog's retransmission of its 2xx (RFC 3261 §13.3.1.4).
func (l *link) repeat(s *side) {
	s.wait = min(2*s.wait, 4*time.Second)
	s.repeatAt = l.now.Add(s.wait)
	if s.ended[s.ringing.ID] {
		s.repeatAt = time.Time{}
		return
	}
	l.step(s, Repeat{ID: s.ringing.ID})
}

func (l *link) cancel(s *side) {
	if _, open := s.open[first]; open && s.finals[first] == 0 {
		l.step(s, Request{Owner: 1, Flow: udp, Request: newRequest(l.t, sip.CANCEL, branch)})
	}
}

func (l *link) send(to *side, data []byte) {
	for copies := 1 + l.rng.IntN(8)/7; copies > 0; copies-- {
		if l.rng.Float64() >= l.loss {
			l.at(time.Duration(1+l.rng.IntN(400))*time.Millisecond, to, data)
		}
	}
}

func (l *link) at(d time.Duration, to *side, data []byte) {
	l.seq++
	l.flight = append(l.flight, datagram{at: l.now.Add(d), seq: l.seq, to: to, data: data})
	slices.SortFunc(l.flight, func(a, b datagram) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.seq, b.seq))
	})
}

// Over any link, each client transaction has exactly one end (a first final
// response or a failure), nothing follows an end, and both tables empty.
func TestLossyLink(t *testing.T) {
	seeds := uint64(1000)
	if testing.Short() {
		seeds = 100
	}
	var accepted, refused, timedOut, cancelled int
	for seed := range seeds {
		l := newLink(t, seed)
		l.call()
		for _, s := range []*side{l.uac, l.uas} {
			if n := len(s.open); n != 0 {
				t.Errorf("seed %d: %s has %d transactions left", seed, s.name, n)
			}
			c := s.table.Live()
			if c.Live != [kinds]int{} || c.Lingering != 0 {
				t.Errorf("seed %d: %s counts %+v", seed, s.name, c)
			}
			if n := s.table.byID.length + len(s.table.clients) + len(s.table.servers) + len(s.table.sending); n != 0 {
				t.Errorf("seed %d: %s holds %d entries", seed, s.name, n)
			}
		}
		for id, n := range l.uac.finals {
			if n != 1 {
				t.Errorf("seed %d: transaction %d had %d ends\n%s", seed, id, n, l.log.String())
			}
		}
		if len(l.uac.finals) != len(l.uac.ended) {
			t.Errorf("seed %d: %d ends of %d transactions", seed, len(l.uac.finals), len(l.uac.ended))
		}
		log := l.log.String()
		switch {
		case strings.Contains(log, "uac answered 200") && strings.Contains(log, "uas arrived BYE"):
			accepted++
		case strings.Contains(log, "uac answered 487"):
			cancelled++
		case strings.Contains(log, "uac answered 486"):
			refused++
		default:
			timedOut++
		}
		if l.loss == 0 && l.uas.invites != 1 {
			t.Errorf("seed %d: %d INVITEs reached the user\n%s", seed, l.uas.invites, log)
		}
	}
	t.Logf("accepted %d, refused %d, cancelled %d, none of these %d", accepted, refused, cancelled, timedOut)
	if least := int(seeds) / 10; accepted < least || refused < least || cancelled < least {
		t.Error("the runs are too much alike to show anything")
	}
}

// The same seed gives the same run.
func TestReplay(t *testing.T) {
	for seed := range uint64(50) {
		a, b := newLink(t, seed), newLink(t, seed)
		a.call()
		b.call()
		if a.log.String() != b.log.String() {
			t.Fatalf("seed %d: two runs differ\n%s\n%s", seed, a.log.String(), b.log.String())
		}
	}
}

// After Restore a transaction goes on as if nothing had happened.
func TestRestoreGoesOn(t *testing.T) {
	tab := newTable()
	tab.Handle(epoch, Request{Owner: 5, Flow: udp, Request: newRequest(t, sip.INVITE, branch)}, nil)
	tab.Handle(epoch.Add(seconds(0.5)), Timeout{}, nil)
	later := epoch.Add(24 * time.Hour)
	tab = Restore(later, Config{Tokens: new(counter)}, tab.Snapshot(epoch.Add(seconds(0.6))))

	if at, timer := tab.Deadline(); timer != TimerA || at.Sub(later) != 900*time.Millisecond {
		t.Errorf("waiting for %v in %v", timer, at.Sub(later))
	}
	out := tab.Handle(later, Unreachable{Flow: udp}, nil)
	if got := brief(out); got != "transport failed, ended" {
		t.Errorf("unreachable: %q", got)
	}
	out = tab.Handle(later, Request{Flow: flow.Flow{}, Request: newRequest(t, sip.BYE, branch)}, nil)
	if id := out[0].(Started).ID; id != 2 {
		t.Errorf("next name is %d, want 2", id)
	}

	// A shorter T1 shortens what remains.
	tab = newTable()
	tab.Handle(epoch, Request{Owner: 5, Flow: udp, Request: newRequest(t, sip.INVITE, branch)}, nil)
	tab.Handle(epoch, Received{Flow: udp, Message: newResponse(t, sip.INVITE, branch, 200, "t1")}, nil)
	tab = Restore(later, Config{Timers: Timers{T1: 100 * time.Millisecond}, Tokens: new(counter)}, tab.Snapshot(epoch))
	if at, timer := tab.Deadline(); timer != TimerM || at.Sub(later) != 6400*time.Millisecond {
		t.Errorf("waiting for %v in %v", timer, at.Sub(later))
	}
}
