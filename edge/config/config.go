package config

import (
	"net/netip"
	"time"

	"sekisho/edge/sip/flow"
	"sekisho/policy"
	"sekisho/policy/document"
	"sekisho/policy/number"
	"sekisho/policy/profile"
)

// Config is one configuration, whole and checked. It is read-only once built,
// and plain data, so that a test or the demo can write one in Go.
type Config struct {
	Border   Border
	Core     Core
	Trunks   []Trunk // in file order
	Tenants  []Tenant
	Timers   Timers
	CDR      CDR
	Activity Activity
	Metrics  Metrics
	Log      Log
	Prompts  Prompts

	// Warnings are what an operator should look at although the file is
	// valid, sorted by line.
	Warnings []document.Fault
}

// Border is the SBC's own side.
type Border struct {
	// Listeners in file order: a flow.Listener is an index of it.
	Listeners []Listener
	Media     Media
}

// Listener is one SIP socket of the border.
type Listener struct {
	Name  string
	Proto flow.Proto
	// Bind is where it listens; port 0 lets the system choose.
	Bind netip.AddrPort
	// Advertise is what we write into Via, Contact and Record-Route. It is
	// never a wildcard; its port is 0 exactly when the port is still to be
	// chosen.
	Advertise netip.AddrPort
}

// Media is where RTP and RTCP are received.
type Media struct {
	Addresses []netip.Addr // never a wildcard
	Ports     PortRange
}

// CoreMode says who answers behind the border.
type CoreMode uint8

// The modes.
const (
	Embedded CoreMode = iota // the feature core of this process
	External                 // a SIP PBX of the operator's own
)

// Core is the feature core, or the road to the PBX in its place.
type Core struct {
	Mode CoreMode
	// Listener is the border's listener that faces the core.
	Listener flow.Listener
	// Seam is where the core listens, in failover order; the embedded core has
	// exactly one, which it binds.
	Seam []netip.AddrPort
	// Options is how each of Seam is asked whether it is well.
	Options profile.Options
	// Phones are the addresses that the embedded core binds for phones.
	Phones []netip.AddrPort
	// Registrar is for the phones that register there.
	Registrar Registrar
	// SRTP is how the phones' media is keyed.
	SRTP PhoneSRTP
	// Media is the embedded core's.
	Media Media
}

// PhoneSRTP is how the media of the embedded core's phones is keyed.
type PhoneSRTP struct {
	Phones profile.SRTP // empty is off
	Suites []profile.SRTPSuite
	// DTLS says that keys may come by it (RFC 5764), OverPlain that they may stand
	// in SDP (RFC 4568). Where Phones is not off one of them is true.
	DTLS, OverPlain bool
}

// Registrar is how phones register at the embedded core.
type Registrar struct {
	// From is where phones may register from; with none, none can.
	From []netip.Prefix
	// Rate is how many datagrams per second are taken from each of From.
	Rate int
	// Digest are the algorithms offered, in order of preference; never empty
	// in a configuration that was read.
	Digest []Digest
	// MinExpires and MaxExpires bound how long a registration lasts.
	MinExpires, MaxExpires time.Duration
	// Keepalive is how often phones behind a NAT are sent something; 0 is never.
	Keepalive time.Duration
}

// Digest is a digest algorithm of RFC 8760.
type Digest uint8

// The algorithms.
const (
	SHA256 Digest = iota
	MD5
)

// Trunk is one carrier, both directions.
type Trunk struct {
	Name string
	// Profile is the effective one: the named profile with this trunk's
	// overrides applied.
	Profile  *profile.Profile
	Role     policy.Role
	Listener flow.Listener
	To       []netip.AddrPort // in failover order, never empty
	From     []Source         // never empty
	// MediaPrefixes bound where its RTP may come from; never empty.
	MediaPrefixes    []netip.Prefix
	Limits           Limits
	EmergencyCapable bool // R61: 0AB-J with location, contractually
	// SRTPOverPlain says that keys may cross this trunk's signalling although
	// whoever reads that hears the calls.
	SRTPOverPlain bool
}

// Limits bound a trunk; 0 is no limit.
type Limits struct {
	Calls int // at the same time
	CPS   int // new calls per second; bounds the trunk's SIP datagrams as well
}

// Tenant is one company.
type Tenant struct {
	Name   string
	Domain string // lower case; the host part of its URIs at the core
	// DefaultNumber is shown where nothing nearer applies (R3).
	DefaultNumber number.Number
	Channels      int              // mobile channels (R12)
	Outbound      []policy.TrunkID // indices of Config.Trunks for external calls, in order
	Emergency     policy.EmergencyCalls
	Display       Display
	Park          Park
	Features      Features
	Numbers       []DID
	Mobiles       []MobilePhone
	Phones        []Phone
	Groups        []Group
	CallCentres   []CallCentre
	IVRs          []IVR
}

// Shown is whose number a mobile sees for a call that came through a group or
// call centre (R24).
type Shown uint8

// What may be shown.
const (
	ShowExtension Shown = iota // the group's or call centre's extension
	ShowCaller
)

// Display holds the two settings of R24.
type Display struct{ CallCentre, RingGroup Shown }

// Park is the tenant's parking lot (R62 to R65): the slots First to Last.
type Park struct {
	First, Last int
	Timeout     time.Duration
}

// Features are settings of the in-call features that are neutral by default.
type Features struct {
	// PressTwice asks for ** and ## in place of * and #, so that no cheek
	// transfers a call.
	PressTwice bool
	// Recall calls who has transferred a call blindly where nobody answers,
	// instead of cutting it (R49).
	Recall bool
}

// DID is one number of the tenant and what it rings.
type DID struct {
	Number    number.Number
	Extension number.ExtensionNumber
}

// MobilePhone is a corporate mobile and its extension.
type MobilePhone struct {
	Extension number.ExtensionNumber
	Name      string // whose it is, for phone books; may be empty
	MSISDN    number.Number
	Carrier   profile.Carrier
	Number    number.Number // its own DID, shown outside (R3); zero is none
	// Plain has no in-call features: its * and # go to whom it talks with.
	Plain bool
}

// PhoneKind tells softphones from desk phones (R46, R47).
type PhoneKind uint8

// The kinds of phone.
const (
	Softphone PhoneKind = iota
	Desk
)

// Phone is a phone at the core's own listener.
type Phone struct {
	Extension number.ExtensionNumber
	Name      string // whose it is, for phone books; may be empty
	Kind      PhoneKind
	// Contact is where it always is; invalid when it registers instead.
	Contact  netip.AddrPort
	Password document.Secret
	Number   number.Number // its own DID; zero is none
}

// Strategy is the order in which members ring.
type Strategy uint8

// The strategies.
const (
	RingAll    Strategy = iota
	Sequential          // from the first, each call
	Rotate              // from the one after the last that was rung
)

// Member is one extension of a group, rung After the group began to ring.
type Member struct {
	Extension number.ExtensionNumber
	After     time.Duration
}

// Unreached is what becomes of a caller when nobody of a group can ring (R71).
type Unreached uint8

// What may become of it.
const (
	WaitForSomebody Unreached = iota
	GoToOverflow
	RefuseAsBusy
)

// Group is a ring group.
type Group struct {
	Extension number.ExtensionNumber
	Name      string // for phone books; may be empty
	Strategy  Strategy
	Members   []Member
	Timeout   time.Duration // of the caller's wait
	Turn      time.Duration // of each member's ringing, where they ring by turns
	Unreached Unreached
	Accept    Accept
	Overflow  number.ExtensionNumber // empty is none
	Number    number.Number          // shown outside for its members (R3); zero is none
}

// Accept is how a mobile takes a call of a group or a call centre.
type Accept uint8

// The ways.
const (
	ByAnswer Accept = iota
	ByKey           // by pressing 1, which no voicemail does
)

// CallCentre is a queue with agents.
type CallCentre struct {
	Extension number.ExtensionNumber
	Name      string // for phone books; may be empty
	Strategy  Strategy
	Members   []Member
	Music     string        // "default" or the name of a recording
	Timeout   time.Duration // of the caller's wait
	Turn      time.Duration // as a Group's
	Unreached Unreached
	Accept    Accept
	Overflow  number.ExtensionNumber // empty is none
	Number    number.Number
}

// IVR answers with a greeting and lets the caller choose by one key.
type IVR struct {
	Extension number.ExtensionNumber
	Name      string // for phone books; may be empty
	Greeting  string // the name of a recording; empty is a beep
	Options   []Option
	Otherwise number.ExtensionNumber // empty ends the call
	Timeout   time.Duration
}

// Option is where a key of an IVR leads.
type Option struct {
	Key byte // '0' to '9', '*' or '#'
	To  number.ExtensionNumber
}

// Timers are the times of SPEC §1.4.
type Timers struct {
	Interdigit, FirstDigit                          time.Duration
	ParkReturnRing, AttendedNoAnswer, BlindNoAnswer time.Duration
	Setup, Ring, Call, RTPInactivity                time.Duration
}

// CDR says where call records go: one JSON object a line is appended to File.
// Empty is nowhere.
type CDR struct{ File string }

// Activity says where the events beside the records go, what agents do and what
// becomes of callers of call centres: one JSON object a line is appended to File.
// Empty is nowhere.
type Activity struct{ File string }

// Metrics says where metrics are served; invalid is nowhere.
type Metrics struct{ Listen netip.AddrPort }

// Level is how much is logged.
type Level uint8

// The levels, the most talkative first.
const (
	Debug Level = iota
	Info
	Warn
	Error
)

// Log says what is logged.
type Log struct{ Level Level }

// Prompts names a folder whose files stand in for embedded announcements of
// the same name; empty is none.
type Prompts struct{ Folder string }
