package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// instant is what the machine has spent at one moment.
type instant struct {
	at    time.Time
	cores int           // of the machine, whatever part of them this process may use
	idle  time.Duration // of all cores together, stolen time included
	// self is the CPU time of this process, the generator; process that of the
	// border, none where none is watched.
	self, process cpu
}

// readInstant reads the machine's and, unless pid is 0, a process's times.
func readInstant(pid int) (instant, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return instant{}, err
	}
	i := instant{at: time.Now()}
	if i.cores, i.idle, err = parseIdle(text); err != nil {
		return i, err
	}
	if i.self, err = readCPU(os.Getpid()); err != nil || pid == 0 {
		return i, err
	}
	i.process, err = readCPU(pid)
	return i, err
}

// parseIdle counts the cores and sums up their idle, iowait and steal. What
// remains of the wall clock is what the machine was busy with: user, system and
// softirq are sampled by a tick that falls into step with packets every 20 ms, so
// that one load reads as anything between a tenth and its tenfold.
func parseIdle(text []byte) (cores int, sum time.Duration, err error) {
	const idle, iowait, steal = 4, 5, 8 // proc_stat(5)
	for line := range bytes.Lines(text) {
		fields := strings.Fields(string(line))
		switch {
		case len(fields) == 0 || !strings.HasPrefix(fields[0], "cpu") || fields[0] == "cpu":
			continue
		case len(fields) <= steal:
			return 0, 0, fmt.Errorf("no times in %q", line)
		}
		cores++
		for _, i := range [...]int{idle, iowait, steal} {
			n, err := strconv.ParseInt(fields[i], 10, 64)
			if err != nil {
				return 0, 0, fmt.Errorf("times of a core: %w", err)
			}
			sum += time.Duration(n) * tick
		}
	}
	if cores == 0 {
		return 0, 0, errors.New("no core in the times of the machine")
	}
	return cores, sum, nil
}

// busySince is the time that all cores together have spent with anything.
func (i instant) busySince(before instant) time.Duration {
	return i.at.Sub(before.at)*time.Duration(i.cores) - (i.idle - before.idle)
}
