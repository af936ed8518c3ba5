// Package demo shows the product at work in half a minute: a border and its
// core, opened from one configuration as `sekisho run` opens them, between
// simulated carriers and phones on loopback sockets.
//
//	docomo ───┐                        ┌─ phone 1001
//	au ───────┼── border ───── core ───┤
//	softbank ─┤                        └─ phone 1002
//	PSTN ─────┘
//
// Steps run side by side. Each is one call, printed as what policy decided of
// it, a ladder of what went over the wire, and checks with what was measured.
// Every check looks at the outside only: the messages that the carriers got
// and the sound that was heard, judged by content.
//
// A Fault changes what the product is given, never what a check expects, so a
// demo with a fault has to name the check that caught it:
//
//	au-mask    the au profile without its rules for callers to be masked
//	emergency  a folder of prompts where the emergency announcement is silent
//	audio      docomo's line to the border scrambles the payload of RTP
//
//	step.go    the steps: who calls whom, and what is to be seen and heard
//	stage.go   carriers, phones and the instance between them
//	call.go    performing a call that is answered, and one that is refused
//	check.go   what is looked at
//	explain.go the decisions, asked of policy with the same configuration
//	show.go    the text
package demo
