// Package dialog holds one RFC 3261 §12 dialog as plain data: identifiers,
// sequence numbers, remote target and route set. It builds in-dialog requests
// and judges those that arrive; it keeps no message and no timer but the
// schedules of a 2xx that waits for its ACK (Accept) and of a reliable provisional
// response that waits for its PRACK (Reliable).
//
// Who retransmits what: the INVITE client transaction acknowledges non-2xx
// answers; the dialog acknowledges 2xx and repeats our own 2xx until its ACK.
package dialog
