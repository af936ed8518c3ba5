package main

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of /proc's CPU times: USER_HZ, which is 100 on every
// architecture that Go runs on (time(7)).
const tick = 10 * time.Millisecond

// cpu is CPU time spent by a process.
type cpu struct{ user, system time.Duration }

func (c cpu) minus(d cpu) cpu { return cpu{c.user - d.user, c.system - d.system} }

func (c cpu) sum() time.Duration { return c.user + c.system }

// readCPU reads /proc/PID/stat. Threads that have ended count.
func readCPU(pid int) (cpu, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return cpu{}, err
	}
	return parseStat(text)
}

func parseStat(text []byte) (cpu, error) {
	// The second field is the name in parentheses, which may hold anything.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	const utime, stime = 14 - 3, 15 - 3 // proc_pid_stat(5); the third field comes first here
	if len(fields) <= stime {
		return cpu{}, fmt.Errorf("no times in %q", text)
	}
	user, err := strconv.ParseInt(fields[utime], 10, 64)
	if err != nil {
		return cpu{}, fmt.Errorf("user time: %w", err)
	}
	system, err := strconv.ParseInt(fields[stime], 10, 64)
	if err != nil {
		return cpu{}, fmt.Errorf("system time: %w", err)
	}
	return cpu{time.Duration(user) * tick, time.Duration(system) * tick}, nil
}

// readRSS returns the resident set of a process in octets.
func readRSS(pid int) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	return parseRSS(text)
}

func parseRSS(text []byte) (int, error) {
	kb, err := strconv.Atoi(strings.TrimSpace(string(between(text, "VmRSS:", "kB"))))
	if err != nil {
		return 0, fmt.Errorf("resident set: %w", err)
	}
	return kb << 10, nil
}

// readOverrun returns how many datagrams the kernel has dropped at open UDP
// sockets, since their receive buffers were full.
func readOverrun(sockets ...netip.AddrPort) (int, error) {
	text, err := os.ReadFile("/proc/net/udp")
	if err != nil {
		return 0, err
	}
	return parseOverrun(text, sockets)
}

func parseOverrun(text []byte, sockets []netip.AddrPort) (int, error) {
	total := 0
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 13 || fields[0] == "sl" {
			continue
		}
		at, err := parseSocket(fields[1])
		if err != nil {
			return 0, err
		}
		if !slices.Contains(sockets, at) {
			continue
		}
		n, err := strconv.Atoi(fields[12])
		if err != nil {
			return 0, fmt.Errorf("drops of %v: %w", at, err)
		}
		total += n
	}
	return total, nil
}

// parseSocket reads "0100007F:13C4": an IPv4 address as the number that its
// octets are in this machine's memory, and the port.
func parseSocket(s string) (netip.AddrPort, error) {
	host, port, _ := strings.Cut(s, ":")
	octets, err := hex.DecodeString(host)
	if err != nil || len(octets) != 4 {
		return netip.AddrPort{}, fmt.Errorf("no IPv4 socket: %q", s)
	}
	n, err := strconv.ParseUint(port, 16, 16)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("port of socket: %w", err)
	}
	var addr [4]byte
	binary.NativeEndian.PutUint32(addr[:], binary.BigEndian.Uint32(octets))
	return netip.AddrPortFrom(netip.AddrFrom4(addr), uint16(n)), nil
}
