package policy

import "sekisho/policy/number"

// Failure is a final answer of the core to a call that was routed to it.
type Failure struct {
	Status int // 400 to 699
	// Cause is the Q.850 cause value of its Reason header, 0 without one.
	Cause int
	// Called is the class of the number that was called: an empty park slot
	// and an unassigned number share status and cause.
	Called number.Class
}

// Announcement returns what the caller hears for a core's failure code, to be
// played unless the core has sent early media itself. A cancelled call hears
// nothing.
func (f Failure) Announcement() Announcement {
	switch f.Status {
	case 487:
		return Announcement{}
	case 486, 600, 603:
		return Announcement{[]string{"tone/busy"}, busyBeeps}
	case 404, 484, 604:
		if f.Called == number.ParkSlot && f.Status == 404 {
			return once("no_parked")
		}
		return once("invalid_retry")
	case 403:
		return once("not_allowed")
	case 433:
		return once("no_cli")
	case 480:
		return f.unavailable()
	}
	return once("busy_all")
}

// unavailable tells apart what 480 may mean, by Q.850.
func (f Failure) unavailable() Announcement {
	switch f.Cause {
	case 0, 18, 20: // no Reason, no user responding, subscriber absent
		return once("unreachable")
	case 17, 19, 21: // user busy, no answer from user, rejected: it did ring
		return Announcement{[]string{"tone/busy"}, busyBeeps}
	case 31:
		if f.Called == number.Pickup {
			return once("no_pickup")
		}
	}
	return once("busy_all")
}

// busyBeeps is how often the busy tone sounds before the code: 3 s of it, so
// that it is understood.
const busyBeeps = 3
