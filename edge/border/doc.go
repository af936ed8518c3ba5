// Package border is the SBC's call: exactly two legs, a carrier's trunk and the
// core, coupled by policy.
//
// The way of an INVITE through this package:
//
//	loop.go       how often it has been here
//	incoming.go   who is behind the flow; leg A
//	ingress.go    carrier → core: policy.Decide, the seam's INVITE
//	egress.go     core → carrier: policy.Present, the trunk's INVITE
//	pass.go       the headers that a profile lets through
//	route.go      the peers that leg B may be sent to, in order
//	dial.go       ports for both legs
//	attempt.go    leg B, and the next peer where one fails
//	redirect.go   a carrier's 3xx, where its profile has it followed
//	couple.go     ringing, early media, answer, one leg's end ends the other
//	inside.go     other requests inside the dialogs: INFO read or passed on
//	refer.go      REFER refused, passed on or carried out
//	transfer.go   a third leg takes a party's place
//	hold.go       re-INVITEs: absorbed or relayed, as the profile says
//	fax.go        audio becomes T.38, and T.38 audio, on both legs or on none
//	reason.go     why a call ends, as each neighbour wants to be told
//	refuse.go     announcement and code of a call that is not put through
//	voicemail.go  hints that a machine has answered
//	probe.go      OPTIONS to peers
//	drain.go      no call begins any more, and all end
//	record.go     one Cause per leg, one record per call
//
// Everything is a value: what to send, what media shall do and what is to be
// recorded come back from Handle in the order in which they must happen.
package border
