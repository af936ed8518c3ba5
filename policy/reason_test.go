package policy

import (
	"slices"
	"testing"

	"sekisho/policy/number"
)

// The response table, by case.
func TestRefusals(t *testing.T) {
	rows := []struct {
		reason        Reason
		status, cause int
		keys          []string
		repeat        int
	}{
		{Emergency, 403, 21, []string{"emergency"}, 2},
		{GuardedEgress, 403, 21, []string{"emergency"}, 2},
		{Ext1000, 403, 21, []string{"ext1000"}, 1},
		{EmergencyLike, 403, 21, []string{"ext1000", "emergency_short"}, 1},
		{Unassigned, 404, 1, []string{"invalid_retry"}, 1},
		{NoPrefix, 404, 1, []string{"invalid_retry"}, 1},
		{TooShort, 484, 28, []string{"invalid_retry"}, 1},
		{NotAllowed, 403, 57, []string{"not_allowed"}, 1},
		{NoInternational, 403, 57, []string{"no_intl"}, 1},
		{Roaming, 403, 57, []string{"no_intl"}, 1},
		{NotProvisioned, 403, 21, []string{"not_allowed"}, 1},
		{WrongCarrier, 403, 21, []string{"not_allowed"}, 1},
		{NoIdentity, 433, 21, []string{"no_cli"}, 1},
		{PrivacyUnsupported, 500, 127, nil, 0},
		{DivertedTooOften, 480, 31, []string{"busy_all"}, 1},
		{NoTrunkAvailable, 480, 34, []string{"busy_all"}, 1},
		{CallLimit, 480, 34, []string{"busy_all"}, 1},
		{RateLimit, 503, 42, nil, 0},
		{Overload, 503, 42, nil, 0},
		{CoreUnreachable, 480, 41, []string{"busy_all"}, 1},
		{Draining, 503, 42, nil, 0},
	}
	if len(rows) != int(reasons)-1 {
		t.Errorf("%d rows for %d reasons", len(rows), reasons-1)
	}
	metrics := map[string]bool{}
	for _, r := range rows {
		got := r.reason.Refusal()
		if got.Status != r.status || got.Cause != r.cause || !slices.Equal(got.Announcement.Keys, r.keys) || got.Announcement.Repeat != r.repeat {
			t.Errorf("%s: %+v", r.reason, got)
		}
		if metrics[got.Metric] || got.Metric == "" || got.Metric == "unknown" || got.Text == "" {
			t.Errorf("%s: metric %q, text %q", r.reason, got.Metric, got.Text)
		}
		metrics[got.Metric] = true
		// "503 only for real overload, with Retry-After."
		if (got.Status == 503) != (got.RetryAfter >= 1 && got.RetryAfter <= 10) {
			t.Errorf("%s: %d with Retry-After %d", r.reason, got.Status, got.RetryAfter)
		}
		if want := r.reason == Emergency || r.reason == EmergencyLike || r.reason == GuardedEgress; r.reason.Exempt() != want {
			t.Errorf("%s exempt: %v", r.reason, !want)
		}
	}
	if got := NoReason.Refusal(); got.Status < 400 {
		t.Errorf("a refusal without a reason is refused all the same: %+v", got)
	}
}

// DESIGN §8: "chosen by (status, Q.850 cause), without Reason: 480 UNREACHABLE,
// 486 busy tone, 404 INVALID, 403 NOT_ALLOWED, others BUSY_ALL".
func TestFailureAnnouncements(t *testing.T) {
	rows := []struct {
		status, cause int
		called        number.Class
		want          string
	}{
		{480, 0, number.Extension, "unreachable"},
		{486, 0, number.Extension, "tone/busy"},
		{404, 0, number.Extension, "invalid_retry"},
		{403, 0, number.Extension, "not_allowed"},
		{500, 0, number.Extension, "busy_all"},
		{503, 0, number.Extension, "busy_all"},
		{408, 0, number.Extension, "busy_all"},
		{480, 20, number.Extension, "unreachable"},
		{480, 18, number.Extension, "unreachable"},
		{480, 19, number.Extension, "tone/busy"},
		{480, 34, number.Extension, "busy_all"},
		{480, 31, number.Pickup, "no_pickup"},
		{480, 31, number.Extension, "busy_all"},
		{486, 21, number.Extension, "tone/busy"},
		{603, 21, number.Extension, "tone/busy"},
		{404, 1, number.Extension, "invalid_retry"},
		{404, 1, number.ParkSlot, "no_parked"},
		{404, 1, number.Pickup, "invalid_retry"},
		{484, 28, number.Extension, "invalid_retry"},
		{403, 57, number.Fixed, "not_allowed"},
		{433, 21, number.Fixed, "no_cli"},
		{487, 16, number.Fixed, ""},
	}
	for _, r := range rows {
		got := Failure{r.status, r.cause, r.called}.Announcement()
		key := ""
		if len(got.Keys) == 1 {
			key = got.Keys[0]
		}
		if key != r.want {
			t.Errorf("%d, cause %d, %s: %v, want %s", r.status, r.cause, r.called, got.Keys, r.want)
		}
	}
}
