// Package policy decides what becomes of a call: values in, a value out.
//
// Two questions are asked, one at each side of the border:
//
//	Tables.Decide   a carrier's INVITE: route it to which tenant's core, as
//	                which caller and which number, or refuse it and why
//	Tables.Present  the core's INVITE: over which trunk, as which Request-URI,
//	                showing which number, or refuse it and why
//
// Both answer always, for any input, and both answers carry their Steps: what
// was looked at, by which rule, with which result, in order. An operator's
// "why" is answered by printing them.
//
// # Order of a mobile's call
//
//	R1   the service prefix 8 is cut as the trunk's profile says
//	R60  110, 118, 119 in any spelling: refused before anything else is asked
//	R10  who calls, by the asserted identity; R8 on that carrier's own trunk;
//	     R9 not from abroad
//	R2   no 8 where one is required: not a call of the service
//	R4   184 and 186, for outside calls; R3 the handset's own Privacy where the
//	     profile honours it
//	R51  the profile's deny rules
//	R11  the class of the number
//
// A trunk in the pstn role brings calls to the tenants' numbers: the caller is
// whoever the carrier asserts, the number called must be one of ours. A trunk
// in both roles is read as pstn when the number called is ours and as mobile
// otherwise.
//
// On either road, what a caller declares critical and nobody here can provide
// fails (RFC 3323), and so does a call that has been passed on too often. Who
// passed it on is told to the core where the profile trusts the carrier with it.
//
// # Toward the carriers
//
// A call to a subscriber's MSISDN leaves by a trunk of that subscriber's
// carrier and shows 8 + the caller, the carrier's mask, or the reason why there
// is none. Every other call leaves by the first available of the tenant's
// outbound trunks and shows a number that the tenant owns. Last of all stands
// the egress guard (R61b): no Request-URI that is an emergency number leaves,
// whatever went wrong before, unless it is the tenant's own emergency call over
// the trunk that the tenant routes it over (R61).
//
// Of those who passed the call on, a number of the tenant's is named and the
// others are counted (R49b).
//
// Nothing of the core's text is ever copied: a number is read, and written
// anew. So the spelling of a number changes nothing in what is shown, and what
// cannot be read is shown to nobody.
//
// The rule numbers are those of the functional specification.
package policy
