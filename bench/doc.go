// Command bench measures whole paths, and keeps what was measured.
//
//	go test ./bench -run '^$' -bench .    one shard, one relay: no process, no tool
//	go run ./bench                        the built binary under sipp's calls
//	go run ./bench stock                  the same by turns with a B2BUA on stock sipgo
//	go run ./bench media                  the same with RTP on every call
//	go run ./bench rtpengine              RTP by turns with rtpengine in the border's place, in namespaces
//	go run ./bench flood                  good calls beside junk, from strangers and forged trunks
//	go run ./bench storm                  20,000 calls of all kinds each way, on a clean network and a bad one
//	go run ./bench features               1,000 calls at a time in which mobiles use the core's features, for ten minutes
//
// BenchmarkBorderCall is one carrier's call through one shard of the border in
// memory, BenchmarkRelay one RTP packet. They show what a change costs.
//
// The command shows what a process costs, from outside: it builds the binary,
// starts it on the site of edge/lab/e2e with sipp as carrier and sipp as an
// external core, and reads /proc/PID. See load.go for a call's cost and
// memory.go for what an established call holds. It prints the conditions with
// the figures and every round, and writes nothing unless told to with -record.
//
// A rate whose ports do not fit within the descriptors is placed in bursts: a
// call leases two pairs, four sockets, which rest for at least 2 s. Of 20,000
// descriptors 2,000 calls/s (-ring 1ms -talk 1ms) need 16,000 without end, and
// 4,000 calls/s as many for each second, so they come by -burst 4000 with a
// rest between. Every call has its SDP then; the process's time between bursts
// counts.
//
// Against stock, bench/stock stands in the border's place for every other round
// with the same generators. It loses 180s, or lets the 200 overtake them; the
// calls of those are counted as failed, and end early, which is in its favour.
//
// With media, edge/lab/load is both ends of every call and follows each packet.
// The direct path, generator to generator, is measured by turns with the way
// through the border, so that what the generator costs can be subtracted.
//
// Against rtpengine (Debian's rtpengine-daemon, in user space) generator and
// relay are in two network namespaces joined by two veth pairs, each on a
// processor of its own; rounds of the direct path, of rtpengine and of the border
// follow each other by turns. SIP goes through a forwarder of the generator's that
// has rtpengine put itself into the descriptions. The first rounds (-srtp) are
// taken once more with SRTP on the caller's side, so that the relay takes the
// protection off one way and puts it on the other; what the generator spends on
// that is in the direct path as well. It needs root, ip and taskset.
//
// With flood, junk is sent at the border's carrier side from 100,000 addresses
// of 127/8, and from the addresses of two trunks that place no calls, while
// good calls of another trunk are placed beside; each kind by turns with the
// good calls alone. See flood.go.
//
// With storm, each generator stands behind a forwarder that loses and reorders
// by a seed; every call must end as its script wants and be recorded so, and
// what the process holds must come back to what it held before the first. See
// edge/lab/e2e's Storm.
//
// With features, edge/lab/carrier plays three mobile carriers and the public
// network around the embedded core. A cast of seven mobiles and an outside caller
// plays one call after another, begun as SPEC §8 splits them: 60 % to a ring group
// of five, 25 % outbound, 10 % internal, 5 % picked up. Unlike there, every call
// that may have features has one (hold, transfers, park), or none by lot. Each
// party must hear whom it talks to by name, every packet is counted by its
// sequence number, and what the process holds must come back to what it held
// before the first, the heap but for what is kept by design. See features.go.
//
// figures/ holds recorded runs. A figure is compared only with one of the same
// conditions; two versions are compared in interleaved rounds on one machine.
//
// # Limits
//
// The generators share the cores with what they measure. CPU per call does not
// suffer much from that; setup times do. Calls of sipp have no RTP: the figures
// are those of signalling, with two port pairs leased a call. Linux only.
package main
