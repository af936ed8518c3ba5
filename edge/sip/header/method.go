package header

import "github.com/emiago/sipgo/sip"

// KnownMethod reports whether a method is one of the RFCs': 405 is for those,
// 501 for the others (RFC 3261 §21.4.6, §21.5.2).
func KnownMethod(method sip.RequestMethod) bool {
	switch method {
	case sip.INVITE, sip.ACK, sip.BYE, sip.CANCEL, sip.OPTIONS, sip.REGISTER, sip.PRACK, sip.UPDATE, sip.INFO,
		sip.SUBSCRIBE, sip.NOTIFY, sip.REFER, sip.MESSAGE, sip.PUBLISH:
		return true
	}
	return false
}
