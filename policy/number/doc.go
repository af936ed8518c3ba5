// Package number knows the Japanese number plan as a carrier trunk and a
// corporate PBX see it.
//
// A number passes through four distinct types, and each step is one way:
//
//	URIUser    the user part of a sip: or tel: URI, still escaped
//	Dialled    the bare dial string: digits, * and #, a leading + allowed;
//	           the service prefix 8 and 184/186 are cut from this form
//	Number     the one spelling used inside, with its class: national
//	           0…, extension, special 1XY, or foreign +CC…
//	Shown      what a handset displays: 8 + national form, or the mask
//
// Equal destinations have equal Numbers: +81300009001, 0300009001,
// tel:03-0000-9001 and 01081300009001 are one value, so a rule that compares
// Numbers cannot be passed by spelling.
//
// Lengths and leading digits are checked, assignment is not: 03-0000-XXXX is
// accepted although no exchange code begins with 0, because such numbers are
// the ones that documents and tests may use.
package number
