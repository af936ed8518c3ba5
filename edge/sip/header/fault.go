package header

import "strconv"

// Kind names what is wrong with a message; its String is a counter's label.
type Kind uint8

// The kinds of fault, from the start line down.
const (
	NotSIP        Kind = iota + 1 // the first line is neither a request line nor a status line
	Version                       // SIP, but not 2.0
	StartLine                     // blanks, brackets or a method that is no token
	Incomplete                    // no empty line ends the header section
	LineEnd                       // CR or LF alone
	ControlOctet                  // NUL or another control octet
	HeaderName                    // no token, or no colon
	Duplicate                     // a header, tag or branch that may occur once occurs twice
	Missing                       // Via, From, To, Call-ID or CSeq absent
	BadCallID                     // empty or with blanks
	BadCSeq                       // no number under 2^31 or no method
	MethodDiffers                 // CSeq names another method than the request line
	BadNumber                     // Content-Length, Max-Forwards or RSeq is no number in range
	BodyShort                     // Content-Length is larger than what came
	BadVia                        // protocol, transport or sent-by missing or malformed
	BadAddress                    // From, To, Contact, Route… is no name-addr or addr-spec
	BadParameter                  // an empty or malformed header parameter
	BadTag                        // a tag that is no token
	BadURI                        // a SIP URI that cannot be read in one way only
	BadValue                      // another header the message library needs is empty or malformed
	Scheme                        // the Request-URI is neither sip, sips, tel nor urn
	TooLarge                      // more octets than Limits allow
	TooMany                       // more lines, values or parameters than Limits allow
	Unparsed                      // the message library refused what the guard had passed
)

// String returns the kind as a lower-case word with underscores.
func (k Kind) String() string {
	switch k {
	case NotSIP:
		return "not_sip"
	case Version:
		return "version"
	case StartLine:
		return "start_line"
	case Incomplete:
		return "incomplete"
	case LineEnd:
		return "line_end"
	case ControlOctet:
		return "control_octet"
	case HeaderName:
		return "header_name"
	case Duplicate:
		return "duplicate"
	case Missing:
		return "missing"
	case BadCallID:
		return "call_id"
	case BadCSeq:
		return "cseq"
	case MethodDiffers:
		return "method_differs"
	case BadNumber:
		return "number"
	case BodyShort:
		return "body_short"
	case BadVia:
		return "via"
	case BadAddress:
		return "address"
	case BadParameter:
		return "parameter"
	case BadTag:
		return "tag"
	case BadURI:
		return "uri"
	case BadValue:
		return "value"
	case Scheme:
		return "scheme"
	case TooLarge:
		return "too_large"
	case TooMany:
		return "too_many"
	case Unparsed:
		return "unparsed"
	}
	return "kind" + strconv.Itoa(int(k))
}

// Fault is a peer's malformed message. Every error of Scan, Guard.Canonical
// and Parse is a *Fault.
type Fault struct {
	Kind   Kind
	Header string // canonical name of the header at fault; empty for the start line or the whole
	Offset int    // octets from the start of the message to the line at fault
	// Status is the response Refusal would write: 400, 416, 505 or 513. It is 0
	// where nothing may be answered and the message is dropped: a response, an
	// ACK, or a request whose Via, From, To, Call-ID or CSeq cannot be trusted
	// to lead an answer back (RFC 3261 §8.2.6.2, §17.1.1.3, §18.1.2).
	Status int
}

// Error describes the fault for a log line; it quotes nothing of the message.
func (f *Fault) Error() string {
	s := "malformed message: " + f.Kind.String()
	if f.Header != "" {
		s += " in " + f.Header
	}
	return s + " at octet " + strconv.Itoa(f.Offset)
}

// status is the response code a kind asks for when it may be answered.
func (k Kind) status() int {
	switch k {
	case NotSIP:
		return 0
	case Version:
		return 505 // RFC 3261 §21.5.6
	case Scheme:
		return 416 // RFC 3261 §8.2.2.1
	case TooLarge, TooMany:
		return 513 // RFC 3261 §21.5.7
	}
	return 400
}
