package border

import (
	"slices"
	"testing"
	"time"

	"sekisho/policy"
)

// SPEC R73: "200 OK without prior 180, or repeated answer at 15-20 s with <2 s
// talk", counted at the trunk of the mobile and nowhere else.
func TestVoicemail(t *testing.T) {
	const never = -1
	for _, r := range []struct {
		what            string
		kind            policy.Kind
		rang, said, end time.Duration // after the start; never rang
		want            uint64
	}{
		{"no ringing", policy.Mobile, never, 3 * time.Second, time.Minute, 1},
		{"no ringing, somebody outside", policy.External, never, 3 * time.Second, time.Minute, 0},
		{"a person", policy.Mobile, time.Second, 5 * time.Second, 6 * time.Second, 0},
		{"a machine", policy.Mobile, time.Second, 16 * time.Second, 17 * time.Second, 1},
		{"at the end of its time", policy.Mobile, time.Second, 21 * time.Second, 22 * time.Second, 1},
		{"later", policy.Mobile, time.Second, 22 * time.Second, 23 * time.Second, 0},
		{"talked with", policy.Mobile, time.Second, 16 * time.Second, 18 * time.Second, 0},
		{"a machine outside", policy.External, time.Second, 16 * time.Second, 17 * time.Second, 0},
	} {
		b := New(Config{Trunks: carriers(t).trunks})
		c := &call{kind: r.kind, a: party{leg: 1, peer: CorePeer}, b: party{leg: 2, peer: 1}}
		if r.rang != never {
			c.ringing = start.Add(r.rang)
		}
		out := b.unrung(c, nil)
		c.answered, c.ended = start.Add(r.said), start.Add(r.end)
		if c.ringing.IsZero() {
			c.ringing = c.answered
		}
		out = b.cutShort(c, out)
		want := []uint64{0, r.want, 0, 0, 0, 0}
		if got := b.Counts().Voicemail; !slices.Equal(got, want) || len(out) != int(r.want) {
			t.Errorf("%s: %v and %v, want %v", r.what, got, out, want)
		}
	}
}
