// Command bench measures whole paths, and keeps what was measured.
//
//	go test ./bench -run '^$' -bench .    one shard, one relay: no process, no tool
//	go run ./bench                        the built binary under sipp's calls
//	go run ./bench media                  the same with RTP on every call
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
// With media, edge/lab/load is both ends of every call and follows each packet.
// The direct path, generator to generator, is measured by turns with the way
// through the border, so that what the generator costs can be subtracted.
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
