package fuzz

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"sekisho/edge/sip/flow"
	"sekisho/policy"
)

// A seed that is refused at the first line explores nothing. These tests hold
// the seeds to reaching what they are for.

func TestConversationsReachTheCallee(t *testing.T) {
	reached := map[string]bool{}
	for _, s := range conversations {
		w := newWire(t, s.script)
		w.app.reached = reached
		text := strings.ReplaceAll(strings.ReplaceAll(s.text, "\n", "\r\n"), "--\r\n", separator)
		if s.script&dials != 0 {
			note(w.parties, ownCallID, 1)
			w.app.dial, w.app.now = true, w.now
			w.sent(w.ua.Timeout(w.now, nil))
		}
		for b := range bytes.SplitSeq([]byte(text), []byte(separator)) {
			w.receive(flow.Flow{Remote: caller}, b)
			w.pass(time.Second)
		}
	}
	for _, event := range []string{"leg.Ended", "leg.Acked", "leg.Agreed", "leg.Offered", "leg.Progressed", "leg.Answered",
		"PRACK", "200 PRACK", "481 PRACK", "200 UPDATE", "491 UPDATE"} {
		if !reached[event] {
			t.Errorf("no seed leads to %s: %v", event, reached)
		}
	}
}

func TestNumbersReachEveryReason(t *testing.T) {
	sample := settings(t)[0]
	reached := map[policy.Reason]bool{}
	for _, called := range numberSeeds {
		for _, asserted := range []string{"09000002001", "09000002002", "0300009001", ""} {
			for on := range policy.TrunkID(sample.trunks) {
				q := question{t: t, setting: sample, asserted: asserted}
				q.called.User = called
				d := q.tables.Decide(policy.Request{Trunk: on, Called: q.called, PAI: q.identities()})
				reached[d.Reason] = true
			}
		}
	}
	for r := policy.NoReason; r <= policy.NoIdentity; r++ {
		if !reached[r] && r != policy.Roaming { // of which no number tells
			t.Errorf("no seed is refused by %s", r)
		}
	}
}
