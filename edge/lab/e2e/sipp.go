package e2e

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"encoding/csv"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

//go:embed testdata/*.xml testdata/dialogues/*.xml
var scenarios embed.FS

// SIPp is one run of the tool, in a folder of its own.
type SIPp struct {
	Scenario string // a file of testdata, without .xml
	Script   string // the scenario itself, where it is in no file
	Folder   string // made if need be; holds the tool's files
	Local    netip.AddrPort
	Remote   netip.AddrPort // zero for one that only answers
	Calls    int            // ends after so many
	Rate     int            // calls a second; used with Remote
	Talk     time.Duration  // how long an answered call stands; 0 is 1 s; used with Remote
	Ring     time.Duration  // how long it rings; 0 is 0.2 s; used without Remote
	Callers  string         // path of the -inf file; empty is none
	Patience time.Duration  // after which the tool gives up, which is a failure
	Extra    []string       // more of the tool's own options
}

// Outcome is what the tool counted, from its own files.
type Outcome struct {
	Created, Succeeded, Failed int // calls
	// Unexpected counts messages that the scenario has no place for: within a
	// call, outside any, and for calls that are over.
	Unexpected    int
	Retransmitted int
	Warnings      int
	// Unrung counts calls that were answered, or given up, before they were told
	// of ringing, where the scenario counts them.
	Unrung int
	// GaveUp says that patience was over before all calls were.
	GaveUp bool
	// CPU is what the tool itself has spent.
	CPU time.Duration
	// Received counts messages per method or status, repetitions left out.
	Received map[string]int
	// Errors is the tool's own error file, shortened.
	Errors string
}

// Run runs the tool to its end. A call that failed is no error here: it stands
// in the Outcome. An error says that the tool could not do its work.
func (s SIPp) Run(ctx context.Context) (Outcome, error) {
	cmd, err := s.command(ctx)
	if err != nil {
		return Outcome{}, err
	}
	screen, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err == nil:
	case errors.As(err, &exit) && exit.ExitCode() == 1: // at least one call failed
	case exit != nil && bytes.Contains(screen, []byte("timed out after '")):
		// Its final figures are whole; calls that never came are missing in them.
	default:
		return Outcome{}, fmt.Errorf("sipp %s: %w\n%s", s.Scenario, err, tail(screen))
	}
	o, err := readOutcome(s.Folder, s.Scenario)
	if err != nil {
		return Outcome{}, fmt.Errorf("sipp %s: %w\n%s", s.Scenario, err, tail(screen))
	}
	o.GaveUp = bytes.Contains(screen, []byte("timed out after '"))
	o.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return o, nil
}

func (s SIPp) command(ctx context.Context) (*exec.Cmd, error) {
	if err := os.MkdirAll(s.Folder, 0o755); err != nil {
		return nil, err
	}
	text := []byte(s.Script)
	if s.Script == "" {
		var err error
		if text, err = scenarios.ReadFile("testdata/" + s.Scenario + ".xml"); err != nil {
			return nil, fmt.Errorf("no such scenario: %w", err)
		}
	}
	path := filepath.Join(s.Folder, s.Scenario+".xml")
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return nil, err
	}
	args := []string{
		"-sf", s.Scenario + ".xml", "-nostdin",
		"-i", s.Local.Addr().String(), "-p", strconv.Itoa(int(s.Local.Port())),
		"-m", strconv.Itoa(s.Calls),
		"-timeout", strconv.Itoa(int(s.Patience.Seconds())) + "s", "-timeout_error",
		// The tool's own choice of buffers loses datagrams whenever another
		// program has its core for a moment, and calls fail by it.
		"-buff_size", "4194304",
		"-trace_stat", "-fd", "1", "-trace_counts", "-trace_err",
	}
	if s.Callers != "" {
		args = append(args, "-inf", s.Callers)
	}
	args = append(args, s.Extra...)
	pause := cmp.Or(s.Ring, 200*time.Millisecond)
	if s.Remote.IsValid() {
		pause = cmp.Or(s.Talk, time.Second)
		args = append(args, "-r", strconv.Itoa(s.Rate), "-l", strconv.Itoa(s.Calls))
	}
	args = append(args, "-d", strconv.FormatInt(pause.Milliseconds(), 10))
	if s.Remote.IsValid() {
		args = append(args, s.Remote.String())
	}
	cmd := exec.CommandContext(ctx, "sipp", args...)
	cmd.Dir = s.Folder
	return cmd, nil
}

// readOutcome reads the files the tool left in folder.
func readOutcome(folder, scenario string) (Outcome, error) {
	stat, err := lastRow(filepath.Join(folder, scenario+"_[0-9]*_.csv"))
	if err != nil {
		return Outcome{}, err
	}
	counts, err := lastRow(filepath.Join(folder, scenario+"_*_counts.csv"))
	if err != nil {
		return Outcome{}, err
	}
	o := Outcome{Received: map[string]int{}}
	for key, sum := range map[string]*int{
		"TotalCallCreated":           &o.Created,
		"SuccessfulCall(C)":          &o.Succeeded,
		"FailedCall(C)":              &o.Failed,
		"FailedUnexpectedMessage(C)": &o.Unexpected,
		"OutOfCallMsgs(C)":           &o.Unexpected,
		"DeadCallMsgs(C)":            &o.Unexpected,
		"Retransmissions(C)":         &o.Retransmitted,
		"Warnings(C)":                &o.Warnings,
	} {
		n, err := strconv.Atoi(stat[key])
		if err != nil {
			return Outcome{}, fmt.Errorf("statistics hold no count %s: %w", key, err)
		}
		*sum += n
	}
	if unrung, ok := stat["unrung(C)"]; ok {
		if o.Unrung, err = strconv.Atoi(unrung); err != nil {
			return Outcome{}, fmt.Errorf("calls that did not ring: %w", err)
		}
	}
	for key, value := range counts { // "2_180_Recv": the step, what, in which manner
		part := strings.Split(key, "_")
		if len(part) != 3 {
			continue
		}
		n, err := strconv.Atoi(value)
		if err != nil {
			return Outcome{}, fmt.Errorf("count %s: %w", key, err)
		}
		if part[2] == "Recv" {
			o.Received[part[1]] += n
		}
	}
	errs, err := filepath.Glob(filepath.Join(folder, scenario+"_*_errors.log"))
	if err != nil {
		return Outcome{}, err
	}
	for _, path := range errs {
		text, err := os.ReadFile(path)
		if err != nil {
			return Outcome{}, err
		}
		o.Errors += string(text[:min(len(text), 4<<10)])
	}
	return o, nil
}

// lastRow returns the last row of the one file that matches pattern, by the
// names of its first row.
func lastRow(pattern string) (map[string]string, error) {
	paths, err := filepath.Glob(pattern)
	if err != nil {
		return nil, err
	}
	if len(paths) != 1 {
		return nil, fmt.Errorf("want one file %s, have %d", pattern, len(paths))
	}
	f, err := os.Open(paths[0])
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.FieldsPerRecord = ';', -1
	rows, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", paths[0], err)
	}
	if len(rows) < 2 {
		return nil, fmt.Errorf("%s holds no figures", paths[0])
	}
	row := map[string]string{}
	for i, name := range rows[0] {
		if i < len(rows[len(rows)-1]) {
			row[name] = rows[len(rows)-1][i]
		}
	}
	return row, nil
}

func tail(b []byte) []byte { return b[max(0, len(b)-4<<10):] }
