package core

import (
	"testing"
	"time"

	"sekisho/media/relay"
	"sekisho/media/srtp"
)

// A call between phones never passes the border: its record is ours.
func TestPhoneToPhone(t *testing.T) {
	r := newRig(t, 1, 0)
	r.p2.script = []int{180}
	a := r.fromPhone(r.p1, "1002")
	r.run(time.Second)
	if got := r.got(r.p2); got.Caller != "1001" || got.Called != "1002" {
		t.Fatalf("1002 got %+v", got)
	}
	r.do(r.p2, r.p2.last, r.p2.respond(200))
	r.run(10 * time.Second)
	r.do(r.p1, a, hangUp)
	r.settle()
	if len(r.records) != 1 {
		t.Fatalf("%d records", len(r.records))
	}
	got := r.records[0]
	if got.Application != "core" || got.Tenant != "t1" || got.Caller != "1001" || got.Called != "1002" || got.Shown != "1001" {
		t.Errorf("record is of another call: %+v", got)
	}
	if got.ID == "" || len(got.SessionID) != 32 || got.A.CallID == "" || got.B.CallID != r.p2.invite.CallID().Value() {
		t.Errorf("record does not lead to its call: %+v", got)
	}
	if got.Ringing == nil || got.Answered == nil || got.SetupMS != 2 || got.TalkMS < 9900 || got.TalkMS > 10100 {
		t.Errorf("times are wrong: setup %d ms, talk %d ms", got.SetupMS, got.TalkMS)
	}
	if got.A.Side != "remote" || got.B.Side != "local" || got.A.Q850 != 16 || got.B.Q850 != 16 {
		t.Errorf("ended by A normally, but %+v and %+v", got.A, got.B)
	}
	if got.A.Received != 1 || got.B.Received != 2 || got.A.Remote != addr1001.String() || got.B.Remote != addr1002.String() {
		t.Errorf("legs are mixed up: %+v and %+v", got.A, got.B)
	}
}

func TestPhoneToBusyPhone(t *testing.T) {
	r := newRig(t, 1, 0)
	r.p2.script = []int{486}
	r.fromPhone(r.p1, "1002")
	r.settle()
	if len(r.records) != 1 || r.records[0].B.Status != 486 || r.records[0].A.Status != 486 || r.records[0].Answered != nil {
		t.Fatalf("recorded %+v", r.records)
	}
}

// Statistics that never come do not keep a call for ever.
func TestStatisticsLost(t *testing.T) {
	r := newRig(t, 1, 0)
	r.mute = true
	a := r.fromPhone(r.p1, "1002")
	r.run(time.Second)
	r.do(r.p1, a, hangUp)
	r.run(1900 * time.Millisecond)
	if len(r.records) != 0 {
		t.Fatal("recorded before the statistics")
	}
	r.settle()
	if len(r.records) != 1 {
		t.Fatalf("%d records", len(r.records))
	}
}

// A phone that agrees on no keys is hung up with the reason, the other with it;
// what another has agreed on is recorded.
func TestWithoutKeysByDTLS(t *testing.T) {
	r := newRig(t, 1, 0)
	r.fromPhone(r.p1, "1002")
	r.run(time.Second)
	r.post(nil, r.core.MediaEvent(r.now, relay.Keyed{Slot: relay.Slot{Index: 1, Epoch: 1}, Suite: srtp.AES128GCM}, nil))
	r.run(time.Second)
	if len(r.records) != 0 {
		t.Fatalf("the call has ended: %+v", r.records[0])
	}
	r.post(nil, r.core.MediaEvent(r.now, relay.Unkeyed{Slot: relay.Slot{Index: 2, Epoch: 1}, Reason: "the peer has not begun"}, nil))
	r.settle()
	if len(r.records) != 1 {
		t.Fatalf("%d records", len(r.records))
	}
	got := r.records[0]
	if got.A.SRTP != "AEAD_AES_128_GCM" || got.B.SRTP != "" {
		t.Errorf("keyed by %q and %q", got.A.SRTP, got.B.SRTP)
	}
	if got.B.Side != "local" || got.B.Text != "DTLS: the peer has not begun" || got.A.Side != "local" || got.A.Q850 != 65 {
		t.Errorf("ended as %+v and %+v", got.A, got.B)
	}
}
