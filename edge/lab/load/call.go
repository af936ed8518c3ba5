package load

import (
	"net/netip"
	"time"
)

// side is an end of a call.
type side uint8

const (
	caller side = iota
	callee
	sides
)

func (s side) other() side { return 1 - s }

// String returns the side's name.
func (s side) String() string { return [...]string{"caller", "callee"}[s] }

// state is how far one end of a call has come.
//
//	caller  idle → calling → proceeding → talking ⇄ leaving → over
//	callee  idle → ringing → accepted → talking ⇄ leaving → over
//	                       ↘ refused ──────────────────────↗
type state uint8

const (
	idle       state = iota
	calling          // INVITE sent, nothing heard
	proceeding       // a provisional response came
	ringing          // INVITE received, no final response sent
	accepted         // 200 sent, no ACK yet
	refused          // 486 or 487 sent, no ACK yet
	talking          // 2xx acknowledged
	leaving          // BYE sent
	over
)

// String returns the state's name.
func (s state) String() string {
	return [...]string{"idle", "calling", "proceeding", "ringing", "accepted", "refused", "talking", "leaving", "over"}[s]
}

// call is one call of the plan with both its ends.
type call struct {
	serial  uint32
	kind    Kind
	digits  int // 1000 to 9999
	dialled string
	ends    [sides]half
	placed  time.Time
	// hangingUp is set once the streams have stopped for BYE.
	hangingUp bool
	// cut is set when the end of the trial ended the call.
	cut   bool
	fault string // the first thing that went wrong
}

// half is one end of a call.
type half struct {
	call *call
	side side
	state
	callID, tag string
	// self is what we say in Via, next where messages go.
	self, next netip.AddrPort
	// local and remote are the values of From and To of our requests, target
	// their Request-URI.
	local, remote, target []byte
	cseq                  uint32

	// last is what is sent again when pending, or when the other side repeats
	// itself; interval grows with each time (RFC 3261 §17.1.1.2).
	last     []byte
	pending  bool
	interval time.Duration
	// invited is the INVITE received, for its responses.
	invited *message
	rang    bool
	// cancelled is set once CANCEL was sent or answered.
	cancelled bool

	port     *port
	hears    netip.AddrPort // our RTP address
	speaksTo netip.AddrPort // the border's
	speaking bool
	// puts is the protection of what this end sends, opens that of what it hears;
	// nil is plain RTP.
	puts, opens *seal
	out         outgoing
	in          incoming
	counts      received
}

// received counts what came on the border's port of one end.
type received struct{ corrupted, foreign, sound uint64 }

func (c *call) spoil(fault string) {
	if c.fault == "" {
		c.fault = fault
	}
}

func (c *call) over() bool {
	return c.ends[caller].state == over && (c.ends[callee].state == over || c.ends[callee].state == idle)
}
