// Package header stands between the wire and the message library.
//
// Three gates, in the order a datagram passes them:
//
//	Scan       at the rim: one pass that finds the Call-ID, the kind of message
//	           and the length of its body, without judging the rest
//	Guard      on the shard: a strict byte scan of the whole header section that
//	           refuses what two parsers could read in two ways, and rewrites
//	           legal but unusual spellings into the one the library understands
//	Parse      Guard, then the library's message of what it has passed
//
// Scan and Guard share one line reader, so they cannot disagree on where a
// header begins or how often it occurs.
//
// Behind the gates are accessors that ignore the case of names (the library's
// own delete and look-up of parameters do not) and typed forms of the headers
// the library leaves as text: identities, privacy, session timers, reliability,
// reasons, diversion, history and our own Sekisho-Call.
//
// A parsed message is read only. Contact, Route, Record-Route, Refer-To and
// Referred-By are kept as raw text, since the library would lose parameters
// and quotes when it writes them; its typed getters still read them on demand,
// and return the first value. From and To are text too, written back as they
// came: a response repeats them (RFC 3261 §8.2.6.2). Whoever wants only a tag of
// them takes token.TagOf of the text.
package header
