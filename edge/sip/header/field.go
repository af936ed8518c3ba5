package header

// field is a header the gates treat specially.
type field uint8

const (
	otherField field = iota
	viaField
	fromField
	toField
	callIDField
	cseqField
	maxForwardsField
	contentLengthField
	contentTypeField
	contactField
	routeField
	recordRouteField
	referToField
	referredByField
	rseqField
	rackField
	sessionExpiresField
	minSEField
	replacesField
	eventField
	expiresField
	contentDispositionField
	fieldCount
)

// name returns the spelling of the field's RFC.
func (f field) name() string {
	switch f {
	case viaField:
		return "Via"
	case fromField:
		return "From"
	case toField:
		return "To"
	case callIDField:
		return "Call-ID"
	case cseqField:
		return "CSeq"
	case maxForwardsField:
		return "Max-Forwards"
	case contentLengthField:
		return "Content-Length"
	case contentTypeField:
		return "Content-Type"
	case contactField:
		return "Contact"
	case routeField:
		return "Route"
	case recordRouteField:
		return "Record-Route"
	case referToField:
		return "Refer-To"
	case referredByField:
		return "Referred-By"
	case rseqField:
		return "RSeq"
	case rackField:
		return "RAck"
	case sessionExpiresField:
		return "Session-Expires"
	case minSEField:
		return "Min-SE"
	case replacesField:
		return "Replaces"
	case eventField:
		return "Event"
	case expiresField:
		return "Expires"
	case contentDispositionField:
		return "Content-Disposition"
	}
	return ""
}

// single reports that a second line of the field makes a message ambiguous:
// two elements may each trust another one of the two.
func (f field) single() bool {
	switch f {
	case otherField, viaField, contactField, routeField, recordRouteField:
		return false
	}
	return true
}

// identify finds the field of a name in any case, long or compact.
func identify[T text](name T) field {
	if len(name) == 1 {
		switch lower(name[0]) {
		case 'v':
			return viaField
		case 'f':
			return fromField
		case 't':
			return toField
		case 'i':
			return callIDField
		case 'l':
			return contentLengthField
		case 'c':
			return contentTypeField
		case 'm':
			return contactField
		case 'r':
			return referToField
		case 'b':
			return referredByField
		case 'x':
			return sessionExpiresField
		case 'o':
			return eventField
		}
		return otherField
	}
	for _, f := range candidates(len(name)) {
		if f != otherField && equalFoldName(name, f.name()) {
			return f
		}
	}
	return otherField
}

// candidates lists the fields whose long name has n octets.
func candidates(n int) [4]field {
	switch n {
	case 2:
		return [4]field{toField}
	case 3:
		return [4]field{viaField}
	case 4:
		return [4]field{fromField, cseqField, rseqField, rackField}
	case 5:
		return [4]field{routeField, eventField}
	case 6:
		return [4]field{minSEField}
	case 7:
		return [4]field{callIDField, contactField, expiresField}
	case 8:
		return [4]field{referToField, replacesField}
	case 11:
		return [4]field{referredByField}
	case 12:
		return [4]field{maxForwardsField, contentTypeField, recordRouteField}
	case 14:
		return [4]field{contentLengthField}
	case 15:
		return [4]field{sessionExpiresField}
	case 19:
		return [4]field{contentDispositionField}
	}
	return [4]field{}
}

// longName returns the long form of a compact name (IANA "SIP Header Fields",
// whose compact column is complete: RFC 3261 §20, RFC 3515, RFC 3841, RFC 3892,
// RFC 4028, RFC 6665, RFC 8224), or "" for a letter that abbreviates nothing.
func longName(c byte) string {
	switch lower(c) {
	case 'a':
		return "Accept-Contact"
	case 'b':
		return "Referred-By"
	case 'c':
		return "Content-Type"
	case 'd':
		return "Request-Disposition"
	case 'e':
		return "Content-Encoding"
	case 'f':
		return "From"
	case 'i':
		return "Call-ID"
	case 'j':
		return "Reject-Contact"
	case 'k':
		return "Supported"
	case 'l':
		return "Content-Length"
	case 'm':
		return "Contact"
	case 'n':
		return "Identity-Info"
	case 'o':
		return "Event"
	case 'r':
		return "Refer-To"
	case 's':
		return "Subject"
	case 't':
		return "To"
	case 'u':
		return "Allow-Events"
	case 'v':
		return "Via"
	case 'x':
		return "Session-Expires"
	case 'y':
		return "Identity"
	}
	return ""
}

func equalFoldName[T text](s T, name string) bool {
	if len(s) != len(name) {
		return false
	}
	for i := range len(name) {
		if lower(s[i]) != lower(name[i]) {
			return false
		}
	}
	return true
}
