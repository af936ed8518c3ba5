package transaction

import (
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
)

// A pair is one call's messages as both ends see them: an INVITE with 100, 180
// and 200, then a BYE with 200. Parsing is not the table's and is left out.
type pair struct {
	invite, bye *sip.Request
	inviteRes   [3]*sip.Response
	byeRes      *sip.Response
}

func newPair(t testing.TB, n int) pair {
	b := "z9hG4bK" + strconv.Itoa(n)
	return pair{
		invite: newRequest(t, sip.INVITE, b),
		bye:    newRequest(t, sip.BYE, b),
		inviteRes: [3]*sip.Response{
			newResponse(t, sip.INVITE, b, 100, ""), newResponse(t, sip.INVITE, b, 180, "t1"), newResponse(t, sip.INVITE, b, 200, "t1"),
		},
		byeRes: newResponse(t, sip.BYE, b, 200, "t1"),
	}
}

// serve is the server side of the pair.
func (p *pair) serve(tab *Table, now time.Time, out []Action) []Action {
	out = tab.Handle(now, Received{Flow: udp, Message: p.invite}, out[:0])
	id := out[len(out)-1].(Arrived).ID
	for _, res := range p.inviteRes {
		out = tab.Handle(now, Respond{ID: id, Response: res}, out[:0])
	}
	out = tab.Handle(now, Received{Flow: udp, Message: p.bye}, out[:0])
	id = out[len(out)-1].(Arrived).ID
	return tab.Handle(now, Respond{ID: id, Response: p.byeRes}, out[:0])
}

// request is the client side of the pair.
func (p *pair) request(tab *Table, now time.Time, out []Action) []Action {
	out = tab.Handle(now, Request{Flow: udp, Request: p.invite}, out[:0])
	for _, res := range p.inviteRes {
		out = tab.Handle(now, Received{Flow: udp, Message: res}, out[:0])
	}
	out = tab.Handle(now, Request{Flow: udp, Request: p.bye}, out[:0])
	return tab.Handle(now, Received{Flow: udp, Message: p.byeRes}, out[:0])
}

// BenchmarkPair is one call's INVITE and BYE on both sides of a B2BUA, at
// 1,000 calls/s of simulated time so that the usual number lingers.
func BenchmarkPair(b *testing.B) {
	pairs := make([]pair, 40000)
	for i := range pairs {
		pairs[i] = newPair(b, i)
	}
	uas, uac := newTable(), newTable()
	var out []Action
	now := epoch
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		now = now.Add(time.Millisecond)
		out = uas.Handle(now, Timeout{}, out[:0])
		out = uac.Handle(now, Timeout{}, out[:0])
		p := &pairs[i%len(pairs)]
		out = p.serve(uas, now, out)
		out = p.request(uac, now, out)
	}
}

// TestLingeringMemory bounds what one call leaves in both tables for 32 s,
// beside the response bytes that must be kept for retransmission.
func TestLingeringMemory(t *testing.T) {
	const calls = 5000
	uas, uac := newTable(), newTable()
	var out []Action
	before := heap()
	for i := range calls {
		p := newPair(t, i)
		out = p.serve(uas, epoch, out)
		out = p.request(uac, epoch, out)
	}
	out = nil
	perCall := int(heap()-before) / calls
	kept := 0
	weigh := func(m machine) { kept += len(m.record().message) }
	uas.byID.each(weigh)
	uac.byID.each(weigh)
	if got := uas.Live().Lingering + uac.Live().Lingering; got != 4*calls {
		t.Fatalf("%d transactions linger, want %d", got, 4*calls)
	}
	each := (perCall - kept/calls) / 4
	t.Logf("%d B a call in 4 lingering transactions: %d B of messages, %d B beside them each", perCall, kept/calls, each)
	if each > 1024 {
		t.Errorf("a lingering transaction costs %d B beside its message", each)
	}

	// After everything lingered, the memory is given back.
	uas.Handle(epoch.Add(time.Minute), Timeout{}, out)
	uac.Handle(epoch.Add(time.Minute), Timeout{}, out)
	if n := uas.byID.length + uac.byID.length; n != 0 {
		t.Errorf("%d transactions outlive their timers", n)
	}
	if left := int(heap()) - int(before); left > 32<<10 {
		t.Errorf("%d B are kept of so many transactions", left)
	}
	runtime.KeepAlive(uas)
	runtime.KeepAlive(uac)
}

// A transaction does not keep the message alive that it came from: each of
// these carries 16 KB in its Via.
func TestKeysAreTheirOwn(t *testing.T) {
	const calls = 500
	tab := newTable()
	padding := ";x=" + strings.Repeat("p", 16<<10)
	before := heap()
	for i := range calls {
		b := "z9hG4bK" + strconv.Itoa(i)
		tab.Handle(epoch, Received{Flow: udp, Message: change(t, sip.OPTIONS, b, b, b+padding)}, nil)
	}
	if each := int(heap()-before) / calls; each > 4<<10 {
		t.Errorf("a transaction holds %d B", each)
	}
	if n := tab.Live().Waiting(); n != calls {
		t.Fatalf("%d transactions, want %d", n, calls)
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
