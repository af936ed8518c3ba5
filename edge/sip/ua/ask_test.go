package ua

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/flow"
)

// A request of the application's own: it is told the final answer once, or that
// there is none, and nothing is left.
func TestAsk(t *testing.T) {
	question := func(token uint64) []Action {
		return []Action{Ask{
			Token: token, Flow: flow.Flow{Remote: addrB}, Method: sip.OPTIONS, Target: "sip:192.0.2.2:5060",
			From: "<sip:192.0.2.1>", To: "<sip:192.0.2.2:5060>", CallID: fmt.Sprintf("q%d@a.example", token),
		}}
	}
	rows := []struct {
		name  string
		setup func(n *net)
		want  string
	}{
		{"answered", func(*net) {}, "7: 200"},
		{"answered at the third try", func(n *net) {
			lost := 0
			n.onSend = func(_ *UA, data string) {
				if n.cut = ""; strings.HasPrefix(data, "OPTIONS") && lost < 2 {
					lost++
					n.cut = "OPTIONS"
				}
			}
		}, "7: 200"},
		{"no answer within 64·T1", func(n *net) { n.cut = "OPTIONS" }, "7: none"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			n := newNet(t, 1, 0)
			r.setup(n)
			n.pa.on = func(p *party, in Input) []Action {
				if in, ok := in.(Replied); ok {
					status := "none"
					if in.Response != nil {
						status = fmt.Sprint(in.Response.StatusCode)
					}
					p.log = append(p.log, fmt.Sprintf("%d: %s", in.Token, status))
				}
				return nil
			}
			n.post(n.a, n.a.Do(n.now, question(7), nil))
			n.run(40 * time.Second)
			n.want(n.pa, r.want)
			if len(n.a.asks) != 0 {
				t.Errorf("%d questions are kept", len(n.a.asks))
			}
			n.settled()
		})
	}
	// A transport error "MUST be treated as a 503" (RFC 3261 §8.1.3.1): told in the
	// same step, and a target that is no URI likewise.
	n := newNet(t, 1, 0)
	n.pa.on = func(p *party, in Input) []Action {
		if in, ok := in.(Replied); ok && in.Response == nil {
			p.log = append(p.log, fmt.Sprint(in.Token))
		}
		return nil
	}
	n.a.Do(n.now, question(8), nil)
	n.a.Unreachable(n.now, flow.Flow{Remote: addrB}, nil)
	bad := question(9)[0].(Ask)
	bad.Target = "nobody"
	n.a.Do(n.now, []Action{bad}, nil)
	n.want(n.pa, "8", "9")
}

// A shard that was restored in between knows nothing of its questions: the
// answer is nobody's, and no dialog's end is asked for.
func TestAnswerToAForgottenQuestion(t *testing.T) {
	n := newNet(t, 1, 0)
	n.a.Do(n.now, []Action{Ask{
		Token: 1, Flow: flow.Flow{Remote: addrB}, Method: sip.OPTIONS, Target: "sip:192.0.2.2:5060",
		From: "<sip:192.0.2.1>", To: "<sip:192.0.2.2:5060>", CallID: "q@a.example",
	}}, nil)
	again, err := Restore(n.a.cfg, n.now, n.a.Snapshot(n.now))
	if err != nil {
		t.Fatal(err)
	}
	n.a = again
	n.run(time.Minute)
	for _, line := range n.trace {
		if strings.Contains(line, "ACK") || strings.Contains(line, "BYE") {
			t.Errorf("sent %s", line)
		}
	}
	n.want(n.pa)
	if n.a.cfg.Legs.last == 0 {
		t.Error("names of legs are given twice")
	}
	n.settled()
}
