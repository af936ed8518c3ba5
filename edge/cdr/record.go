// Package cdr is the record of a call: one JSON line per call, with the final
// Cause of each leg. Durations come from the monotonic clock, stamps from the
// wall clock.
package cdr

import "time"

// Record is one call as it is billed, searched and reconciled: exactly one per
// INVITE that became a call, refused ones included.
type Record struct {
	// ID is our own name of the call; SessionID is the correlation of RFC 7989
	// that the core and the peer's records may share.
	ID        string `json:"id"`
	SessionID string `json:"session_id,omitempty"`
	// Application is "border" or "core".
	Application string `json:"application"`
	Tenant      string `json:"tenant,omitempty"`
	Kind        string `json:"kind,omitempty"`

	Start    time.Time  `json:"start"`
	Ringing  *time.Time `json:"ringing,omitempty"`
	Answered *time.Time `json:"answered,omitempty"`
	End      time.Time  `json:"end"`
	// SetupMS is Start to the first 180 or 183 or answer, TalkMS Answered to
	// End, both in milliseconds.
	SetupMS int64 `json:"setup_ms"`
	TalkMS  int64 `json:"talk_ms"`

	// Caller is the true caller, whatever was shown; Called what was dialled,
	// after normalising. Shown is what leg B displayed.
	Caller string `json:"caller"`
	Called string `json:"called"`
	Shown  string `json:"shown,omitempty"`

	// Refused names the rule that refused the call, as in "R51".
	Refused string `json:"refused,omitempty"`
	// Unbilled marks a call that was only answered to play an announcement.
	Unbilled bool `json:"unbilled,omitempty"`

	// A is the inbound leg, B the outbound one that was tried last.
	A Leg  `json:"a"`
	B *Leg `json:"b,omitempty"`
	// Attempts are all outbound legs in order, B's included, where there was
	// more than one.
	Attempts []Attempt `json:"attempts,omitempty"`
	// Former are the legs that a transfer left behind, in order: those whose place
	// another took, and targets that did not take one.
	Former []Leg `json:"former,omitempty"`
}

// Attempt is one outbound leg of several, and why it ended, as in Leg.
type Attempt struct {
	Trunk   string `json:"trunk,omitempty"`
	CallID  string `json:"call_id"`
	Remote  string `json:"remote,omitempty"`
	AfterMS int64  `json:"after_ms"` // from the record's Start
	Side    string `json:"side"`
	Status  int    `json:"status,omitempty"`
	Q850    int    `json:"q850,omitempty"`
	Text    string `json:"text,omitempty"`
}

// Leg is one party of a recorded call.
type Leg struct {
	Trunk  string `json:"trunk,omitempty"`
	CallID string `json:"call_id"`
	Remote string `json:"remote,omitempty"`
	// Side says who ended the leg; Status and Q850 are zero where none was
	// given.
	Side   string `json:"side"`
	Status int    `json:"status,omitempty"`
	Q850   int    `json:"q850,omitempty"`
	Text   string `json:"text,omitempty"`

	// Media as the leg's endpoint counted it.
	Received uint64 `json:"rtp_received"`
	Sent     uint64 `json:"rtp_sent"`
	Lost     int64  `json:"rtp_lost"`
	JitterUS uint32 `json:"jitter_us,omitempty"`
	Foreign  uint64 `json:"rtp_foreign,omitempty"`
	// StarPairs are the pairs of * that were kept from the call (R53).
	StarPairs uint32 `json:"star_pairs,omitempty"`
	// Quality is by direction; nil where no packet was sent or heard.
	Quality *Media `json:"media,omitempty"`
	// SRTP is the crypto-suite of what both ways carried, as settled last; empty
	// is plain RTP. Forged counts what was dropped as not authentic.
	SRTP   string `json:"srtp,omitempty"`
	Forged uint64 `json:"srtp_forged,omitempty"`
}
