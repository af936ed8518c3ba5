//go:build linux && (amd64 || arm64)

package engine

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sekisho/media/relay"
)

// On sockets, with three workers and every peer speaking all the time, an
// out-half moves between workers at random times, and its peer hears one stream.
func TestRewiringOnSockets(t *testing.T) {
	e, events := start(t, Config{Workers: 3, Clips: clips{"one": ramp(160 * 5), "two": ramp(200)}})
	var all []*party
	var phones []*phone
	for n := range 6 {
		p := call(t, e, Request{Owner: uint32(n), Worker: n % 3})
		phones = append(phones, p)
		all = append(all, &party{Pair: p.Pair, spec: p.spec})
	}
	settle(t, e)
	stop := make(chan struct{})
	var speakers, listeners sync.WaitGroup
	var heard atomic.Int64
	for i, p := range phones {
		speakers.Go(func() {
			for n := 1; ; n++ {
				select {
				case <-stop:
					return
				case <-time.After(2 * time.Millisecond):
					p.say(n, uint32(i+1))
				}
			}
		})
		listeners.Go(func() {
			h, b := &ear{name: p.LocalAddr().String()}, make([]byte, 2048)
			for {
				n, err := p.Read(b)
				if err != nil {
					return // closed, or nothing more has come for a while
				}
				h.hear(t, b[:n])
				heard.Add(1)
			}
		})
	}
	random := rand.New(rand.NewPCG(1, 1))
	for range 400 {
		e.Do([]relay.Command{rewire(random, all)})
		time.Sleep(time.Duration(random.IntN(8)) * time.Millisecond)
		for len(events) > 0 {
			<-events
		}
	}
	close(stop)
	speakers.Wait()
	time.Sleep(50 * time.Millisecond)
	for _, p := range phones {
		if err := p.SetReadDeadline(time.Now()); err != nil {
			t.Error(err)
		}
	}
	listeners.Wait()
	if n := heard.Load(); n < 500 {
		t.Errorf("only %d packets were heard", n)
	}
}
