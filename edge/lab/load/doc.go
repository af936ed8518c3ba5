// Package load places calls with RTP on every one of them and verifies what
// comes out at the other end. It plays both: the carrier that calls, and who is
// called (a core in the border's place of one, or a public network behind the
// embedded core), in one process and on one clock, so that each packet can be
// followed from the moment it leaves to the moment it arrives.
//
//	trial, err := load.Start(ctx, load.Config{
//		Caller: carrier, Callee: core, Border: west,
//		Calls: 500, Rate: 50, Talk: time.Minute, Callers: []string{"09000002001"},
//	})
//	report := trial.Wait()
//	if faults := report.Faults(); len(faults) > 0 { … }
//
// # What is verified
//
// The payload of each packet says which call, direction and position it has and
// when it left, under a checksum. The receiver knows what was sent, so it finds
// loss, duplicates, reordering, corruption, packets of other calls and from
// other sources, and a stream whose SSRC, sequence or timestamps break. Latency
// ends with the kernel's receive time stamp: how soon the generator reads a
// packet is no part of it. A Fault spoils the streams on purpose, to show that
// the verifier can fail.
//
// # How it runs
//
// One goroutine on one thread owns everything: two SIP sockets, the media
// sockets in one epoll set, timers, calls. Arrivals are an open loop: calls are
// placed when they are due however late the answers come. Signalling is written
// from templates and read with a scan of its own: it costs little beside what it
// measures, and a fault of the product's stack cannot hide itself here. It
// retransmits as RFC 3261 §17 asks of UDP. Every message goes to the address the
// dialog began with, whatever a Contact says, as over a trunk; a Record-Route
// is not followed, since a B2BUA writes none.
//
// Several calls share a media socket (Config.Share), so that a system call moves
// several packets. Border and verifier tell them apart by the border's port.
// With Config.SRTP the caller's media is keyed, and each call has a socket of its
// own.
//
// A trial ends by itself: calls are counted, times are bounded, and the end of
// the context hangs up what stands. It speaks to loopback and documentation
// addresses only unless told otherwise; network namespaces use the latter.
// Linux only.
package load
