// Package e2e tries the built binary from outside: a process with a
// configuration file and sockets of its own, against tools that other people
// wrote. Nothing of the product is linked into what judges it.
//
//	sipp (carrier.xml) ──SIP──▶ sekisho run ──SIP──▶ sipp (core.xml)
//	                              │ /debug, CDR file, tshark on loopback
//	                              ▼
//	                            the verdict
//
// A Site is one trial: addresses in 127/8 that nothing else on the machine
// uses, a folder for files, and the configuration written from both. Start
// runs the binary on it and waits for its ready line; Debug reads what it
// holds; Stop ends that process, by its id, and waits for it.
//
// Media is attacked from a network namespace of the stranger's own, on the
// carrier's segment, while edge/lab/load judges every packet of the calls
// (attack_test.go).
//
// A Storm is many calls of several kinds at once, each generator behind a
// network that loses and reorders by a seed. A dialogue (script.go) is one call
// told on both sides, played both ways through the product, and some of them
// with Kamailio in the path.
//
// # Features
//
// Mobiles are sipps that press keys by captures (recorder.go) of RFC 4733, or of
// tones, behind each carrier's trunk; phones are baresips that are commanded and
// tell what becomes of it (phone.go). A scene has them hold, transfer, park,
// retrieve, pick up and ring in a group. Nobody waits for a time: a handset plays
// its next capture when it is ordered to, which is when the ear on loopback
// (wire.go) has heard the announcement, the music or the voice that comes before.
//
// # What it needs
//
// Tests need root and ip for namespaces, sipp, baresip, kamailio and, to look at the wire, tshark with the right to capture;
// without them they are skipped, aloud. Where SEKISHO_REQUIRE is set, a missing
// tool is a failure, and the trials that take longer than a unit test may are
// run. The package can be used by other rooms as well (bench measures the
// same process), so it asks nothing of a testing.T but in Need.
//
// # Limits
//
// Linux: 127/8 is whole there, and descriptors are read from /proc.
package e2e
