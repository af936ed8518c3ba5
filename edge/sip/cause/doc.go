// Package cause says why one party's call ended, in the terms both SIP and the
// telephone network use, and which side brought it about.
//
// A Cause is the last word of a leg: the border translates it from one leg to
// the other, and the CDR keeps one per leg. The mappings between SIP statuses
// and Q.850 are those of RFC 3398 where the product's own table (SPEC §2.3) does
// not say otherwise.
package cause
