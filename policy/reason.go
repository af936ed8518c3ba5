package policy

import "sekisho/policy/profile"

// Reason is why a call is refused. Each has one row in the response table.
type Reason uint8

// The reasons. CallLimit and those behind it are found by the border, not by
// Decide or Present; they stand here because the response table is one.
const (
	NoReason           Reason = iota
	Emergency                 // R60: 110, 118, 119 through the service
	EmergencyLike             // R51: 110X, 118X, 119X from an au mobile
	Ext1000                   // R51: the 1000s from an au mobile
	Unassigned                // no number of the plan, or no number of ours
	NoPrefix                  // R2: the 8 is missing where it is required
	TooShort                  // the beginning of a number
	NotAllowed                // a class that is not permitted
	NoInternational           // R11: abroad
	Roaming                   // R9: from abroad
	NotProvisioned            // R10: an identity nobody knows
	WrongCarrier              // R8: a subscriber of another carrier
	NoIdentity                // R10: no identity at all
	NoTrunkAvailable          // none is configured or up
	PrivacyUnsupported        // a critical wish for privacy of a kind unknown here
	DivertedTooOften          // passed on more often than a carrier allows
	GuardedEgress             // R61b: an emergency number about to leave
	CallLimit                 // calls of a trunk or tenant
	RateLimit                 // calls per second of a trunk or tenant
	Overload                  // ports or descriptors are used up
	CoreUnreachable
	Draining // no call begins here any more
	reasons
)

// Refusal is what the other side gets for a reason: one row of the response
// table.
type Refusal struct {
	Status int
	// Cause is the Q.850 cause value and Text its text, for the Reason header
	// (RFC 3326).
	Cause int
	Text  string
	// Announcement is heard before the code; without keys the code goes at
	// once.
	Announcement Announcement
	// RetryAfter is in seconds; zero writes no header.
	RetryAfter int
	// Metric is the label under which it is counted.
	Metric string
}

// Announcement names what is played: prompt and tone keys in order, the whole
// list Repeat times.
type Announcement struct {
	Keys   []string
	Repeat int
}

// String returns the label under which the reason is counted.
func (r Reason) String() string { return r.Refusal().Metric }

// Exempt reports reasons that no limit may suppress: an emergency caller is
// told what to do even when everything else is full.
func (r Reason) Exempt() bool { return r == Emergency || r == EmergencyLike || r == GuardedEgress }

// Refusal returns the reason's row. 500 and 503 are no answers to a refusal by
// policy: carriers fail over, retry or mark the trunk down.
func (r Reason) Refusal() Refusal {
	switch r {
	case NoReason:
	case Emergency:
		return Refusal{403, 21, "emergency: redial without 8", Announcement{[]string{"emergency"}, 2}, 0, "emergency"}
	case EmergencyLike:
		return Refusal{403, 21, "extension not reachable from au", Announcement{[]string{"ext1000", "emergency_short"}, 1}, 0, "emergency_like"}
	case Ext1000:
		return Refusal{403, 21, "extension not reachable from au", once("ext1000"), 0, "ext1000"}
	case Unassigned:
		return Refusal{404, 1, "unassigned number", once("invalid_retry"), 0, "unassigned"}
	case NoPrefix:
		return Refusal{404, 1, "no service prefix", once("invalid_retry"), 0, "no_prefix"}
	case TooShort:
		return Refusal{484, 28, "number incomplete", once("invalid_retry"), 0, "too_short"}
	case NotAllowed:
		return Refusal{403, 57, "number class not permitted", once("not_allowed"), 0, "not_allowed"}
	case NoInternational:
		return Refusal{403, 57, "international calls not permitted", once("no_intl"), 0, "no_international"}
	case Roaming:
		return Refusal{403, 57, "not available abroad", once("no_intl"), 0, "roaming"}
	case NotProvisioned:
		return Refusal{403, 21, "caller not provisioned", once("not_allowed"), 0, "not_provisioned"}
	case WrongCarrier:
		return Refusal{403, 21, "caller belongs to another carrier", once("not_allowed"), 0, "wrong_carrier"}
	case NoIdentity:
		return Refusal{433, 21, "caller identity missing", once("no_cli"), 0, "no_identity"}
	case NoTrunkAvailable:
		return Refusal{480, 34, "no trunk available", once("busy_all"), 0, "no_trunk"}
	case PrivacyUnsupported:
		// RFC 3323 §5 asks for 500 and leaves no choice.
		return Refusal{500, 127, "privacy not supported", Announcement{}, 0, "privacy_unsupported"}
	case DivertedTooOften:
		return Refusal{480, 31, "too many diversions", once("busy_all"), 0, "diverted_too_often"}
	case GuardedEgress:
		return Refusal{403, 21, "emergency: redial without 8", Announcement{[]string{"emergency"}, 2}, 0, "guarded_egress"}
	case CallLimit:
		return Refusal{480, 34, "call limit reached", once("busy_all"), 0, "call_limit"}
	case RateLimit:
		return Refusal{503, 42, "too many calls", Announcement{}, 2, "rate_limit"}
	case Overload:
		return Refusal{503, 42, "overload", Announcement{}, 5, "overload"}
	case CoreUnreachable:
		return Refusal{480, 41, "service not reachable", once("busy_all"), 0, "core_unreachable"}
	case Draining:
		return Refusal{503, 42, "no new calls here", Announcement{}, 10, "draining"}
	}
	// A refusal without a reason is our bug; the call is refused all the same.
	return Refusal{480, 41, "refused", once("busy_all"), 0, "unknown"}
}

func once(key string) Announcement { return Announcement{[]string{key}, 1} }

// profileReason turns a deny rule's word into a reason.
func profileReason(r profile.Refusal) Reason {
	switch r {
	case profile.RefuseEmergency:
		return Emergency
	case profile.RefuseEmergencyLike:
		return EmergencyLike
	case profile.RefuseExt1000:
		return Ext1000
	case profile.RefuseNotAllowed:
		return NotAllowed
	case profile.RefuseNoIntl:
		return NoInternational
	case profile.RefuseInvalid:
		return Unassigned
	}
	return NotAllowed
}
