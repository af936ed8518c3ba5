// Package dtls agrees on SRTP keys with peers by DTLS 1.2 (RFC 5764). The
// handshake is pion/dtls's; whom it may be held with is decided here.
//
// A [Room] stands beside the media workers. It owns no socket:
//
//	worker                                     room
//	  record from where the peer may be ──Tell──▶ candidate: a handshake per source
//	  socket ◀──Send── ◀──────────────────────────┘
//	  receiver, sender ◀──Keyed── ◀── first whose certificate has the fingerprint
//
// Nobody is known before the handshake is done, so until then whoever can send
// from where the peer may be is a candidate beside the others and takes no place
// from them (CVE-2023-49786): a slot has four, one of them kept for the address
// that the peer has described, and one that has not yet sent its cookie back gives
// way to the next. What a candidate may send, and how many there are at all, is
// bounded, and each ends after [Config.Budget]. A record that finds no room is
// lost, which DTLS repairs by sending it again.
//
// The one that is done lingers, to repeat its last flight for a client that has
// not received it, and goes without a close_notify: the call's end is told by
// signalling. Keys leave by [Answer] alone; nothing here is logged.
package dtls
