package relay_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"sekisho/media/golden"
	"sekisho/media/relay"
)

func TestCompile(t *testing.T) {
	seen := map[relay.Obstacle]bool{}
	for _, row := range golden.Flows() {
		t.Run(row.Name, func(t *testing.T) {
			w := open(row.In, row.Out)
			for _, s := range row.Steps {
				if row.Alone {
					w.packet.Data, w.packet.Source = bytes.Clone(s.In), s.Source
					w.in.Handle(epoch.Add(s.At), &w.packet)
					continue
				}
				w.pass(s)
			}
			if row.Refed {
				w.out.Feed()
			}
			out := &w.out
			if row.Alone {
				out = nil
			}
			in, before := w.in, w.out
			got, obstacle := relay.Compile(&w.in, out)
			if got != row.Flow || obstacle != row.Obstacle {
				t.Errorf("%v, %+v\nwant %v, %+v", obstacle, got, row.Obstacle, row.Flow)
			}
			if again, _ := relay.Compile(&in, &before); out != nil && again != got {
				t.Error("the same halves give another flow")
			}
		})
		seen[row.Obstacle] = true
	}
	if _, o := relay.Compile(new(relay.InHalf), nil); o != relay.Undescribed {
		t.Errorf("an endpoint without a description: %v", o)
	}
	for o := relay.NoObstacle; int(o) < relay.Obstacles; o++ {
		if o.String() == "unknown" {
			t.Errorf("obstacle %d has no name", o)
		}
	}
	for _, o := range []relay.Obstacle{relay.Protected, relay.Searching, relay.FirstPacket, relay.Elsewhere, relay.Unmapped, relay.Renumbered} {
		if !seen[o] {
			t.Errorf("no row shows %v", o)
		}
	}
}

// forward does what a flow says to a packet, as a faster path would; false is a
// packet that it passes up. newest is the number that it has counted last.
func forward(f relay.Flow, s golden.Step, newest uint16) ([]byte, bool) {
	d := bytes.Clone(s.In)
	if f.Action != relay.FlowForward || s.Source != f.Source || len(d) < 12 || d[0]&0xef != 0x80 || d[1]&0x7f != byte(f.Type) ||
		binary.BigEndian.Uint32(d[8:]) != uint32(f.Pin) {
		return nil, false
	}
	seq := binary.BigEndian.Uint16(d[2:])
	ahead := int16(seq - newest)
	if ahead >= 3000 || ahead <= -64 || ahead < 0 && int16(seq-f.Floor) < 0 {
		return nil, false
	}
	d[1] = d[1]&0x80 | byte(f.As)
	binary.BigEndian.PutUint16(d[2:], seq+f.Sequence)
	binary.BigEndian.PutUint32(d[4:], binary.BigEndian.Uint32(d[4:])+f.Timestamp)
	binary.BigEndian.PutUint32(d[8:], uint32(f.SSRC))
	return d, true
}

// Whenever a flow is compiled, each packet that it would forward leaves as the
// relay would have sent it, byte for byte; what the relay drops is passed up.
func TestFlowsEqualTheRelay(t *testing.T) {
	rows := golden.Table()
	for _, f := range golden.Flows() {
		rows = append(rows, f.Row)
	}
	for seed := range uint64(20) {
		rows = append(rows, weather(seed))
	}
	forwarded := 0
	for _, row := range rows {
		w := open(row.In, row.Out)
		newest := uint16(0)
		for i, s := range row.Steps {
			flow, _ := relay.Compile(&w.in, &w.out)
			fast, ok := forward(flow, s, newest)
			slow, v := w.pass(s)
			if seq := binary.BigEndian.Uint16(append(s.In, 0, 0, 0, 0)[2:]); slow != nil && (int16(seq-newest) > 0 || v.Restarted) {
				newest = seq
			}
			if !ok {
				continue
			}
			forwarded++
			if !bytes.Equal(fast, slow) {
				t.Errorf("%s, step %d: the flow sends\n%x, the relay (%v)\n%x", row.Name, i, fast, v.Reason, slow)
			}
		}
	}
	if forwarded < 2000 {
		t.Errorf("only %d packets were forwarded by a flow: the test proves little", forwarded)
	}
}

// weather is a stream with losses, repeats, late packets and keys, to a side
// that has no telephone-event, so that the numbers close over them.
func weather(seed uint64) golden.Row {
	random := rand.New(rand.NewPCG(seed, 3))
	r := golden.Row{Name: fmt.Sprint("weather ", seed), In: golden.Exact(), Out: golden.Beyond()}
	r.Out.EventOut = relay.NoPayload
	for n := range 600 {
		s := voice(n, 9, golden.Near)
		switch random.IntN(40) {
		case 0:
			continue
		case 1:
			r.Steps = append(r.Steps, s)
		case 2:
			s.Source = golden.Stranger
		case 3, 4:
			s.In[1] = 101
		}
		r.Steps = append(r.Steps, s)
		if k := len(r.Steps); k > 1 && random.IntN(10) == 0 {
			at := max(0, k-1-random.IntN(5))
			r.Steps[at].In, r.Steps[k-1].In = r.Steps[k-1].In, r.Steps[at].In
		}
	}
	return r
}
