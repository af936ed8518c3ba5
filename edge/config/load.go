package config

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"

	"sekisho/edge/sip/flow"
	"sekisho/policy"
	"sekisho/policy/document"
	"sekisho/policy/number"
)

// Faults is everything wrong with a configuration, sorted by file and line.
type Faults []document.Fault

// Error returns one line per fault: "file:line: key: message".
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.Error()
	}
	return strings.Join(lines, "\n")
}

// Load reads the configuration at path. Relative paths in it are relative to
// the working directory of the process. The error is Faults when the file
// could be read but not used.
func Load(path string) (*Config, error) {
	src, err := readBounded(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	return Parse(path, src)
}

// Parse reads a configuration from src; name is what faults call the file. It
// returns either a Config that passed every check or Faults with all that is
// wrong, never both. Of other files it reads only the profiles that src names
// by path.
func Parse(name string, src []byte) (*Config, error) {
	l := newLoader(document.Read(name, src))
	l.read()
	faults := append(l.reader.Faults(), l.profiles.faults...)
	if len(faults) > 0 {
		return nil, Faults(document.Sort(faults))
	}
	if _, err := l.c.Tables(); err != nil {
		// Whatever policy refuses is checked with line and key; this is for a
		// rule that stands there only.
		return nil, Faults{{File: name, Message: err.Error()}}
	}
	l.c.Warnings = l.reader.Warnings()
	return &l.c, nil
}

// readBounded reads at most a little more than any YAML file may hold, so that
// a wrong path cannot fill the memory and a file too large is still told.
func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, document.MaxBytes+1))
}

// loader is one reading of one file.
type loader struct {
	reader   *document.Reader
	c        Config
	profiles profiles

	listeners map[string]flow.Listener
	trunks    map[string]policy.TrunkID

	bound   []socket // what this process binds
	told    []socket // where peers reach it instead
	reached []target // what it sends to
	from    []claim  // what identifies a peer

	// Unique in the whole file.
	numbers, msisdns, domains claims

	owner    map[number.Number]int // the tenant of each number, by index
	defaults []ownNumber           // the default number of each tenant
}

func newLoader(r *document.Reader) *loader {
	return &loader{
		reader:    r,
		listeners: map[string]flow.Listener{},
		trunks:    map[string]policy.TrunkID{},
		numbers:   claims{},
		msisdns:   claims{},
		domains:   claims{},
		owner:     map[number.Number]int{},
	}
}

// read fills the tree. Trunks come after the listeners they name, tenants
// after the trunks they name, whatever the order in the file.
func (l *loader) read() {
	root := l.reader.Root()
	l.border(root.Key("border").Required().Map())
	l.core(root.Key("core").Required().Map())
	l.trunkList(root.Key("trunks").Required().Map())
	l.tenantList(root.Key("tenants").Required().Map())
	l.timers(root.Key("timers").Map())
	l.rims(root)
	l.conflicts()
}

// claims remembers who has taken what must be taken once.
type claims map[string]document.Value

// take claims key for v, or notes the fault that another has it.
func (c claims) take(key string, v document.Value) bool {
	if other, ok := c[key]; ok {
		v.Faultf("%s is given twice; first in line %d", key, other.Line())
		return false
	}
	c[key] = v
	return true
}

// names are written into metrics, logs and file names as they are.
var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,31}$`)

func checkName(name string, v document.Value) {
	if !namePattern.MatchString(name) {
		v.Faultf("a name is 1 to 32 lower-case letters, digits, - and _, and begins with a letter or digit")
	}
}

func (l *loader) timers(m *document.MapReader) {
	l.c.Timers = Timers{
		Interdigit:       m.Key("interdigit").Duration(3*time.Second, 500*time.Millisecond, 30*time.Second),
		FirstDigit:       m.Key("first_digit").Duration(10*time.Second, time.Second, time.Minute),
		ParkReturnRing:   m.Key("park_return_ring").Duration(30*time.Second, time.Second, 5*time.Minute),
		AttendedNoAnswer: m.Key("attended_no_answer").Duration(40*time.Second, time.Second, 5*time.Minute),
		BlindNoAnswer:    m.Key("blind_no_answer").Duration(60*time.Second, time.Second, 5*time.Minute),
		Setup:            m.Key("setup").Duration(180*time.Second, 10*time.Second, 10*time.Minute),
		Ring:             m.Key("ring").Duration(180*time.Second, 10*time.Second, 10*time.Minute),
		Call:             m.Key("call").Duration(24*time.Hour, time.Minute, 7*24*time.Hour),
		RTPInactivity:    m.Key("rtp_inactivity").Duration(60*time.Second, 5*time.Second, time.Hour),
	}
}

// rims reads what concerns the process rather than its calls.
func (l *loader) rims(root *document.MapReader) {
	l.c.CDR.File = root.Key("cdr").Map().Key("file").String("")
	l.c.Activity.File = root.Key("activity").Map().Key("file").String("")
	l.c.Prompts.Folder = root.Key("prompts").Map().Key("folder").String("")

	listen := root.Key("metrics").Map().Key("listen")
	if text := listen.String(""); text != "" {
		addr, err := parseAddrPort(text)
		if err != nil {
			listen.Faultf("%v", err)
		} else {
			l.c.Metrics.Listen = addr
			l.bound = append(l.bound, socket{tcp, addr.Addr(), PortRange{addr.Port(), addr.Port()}, "metrics", listen})
			if !addr.Addr().IsLoopback() {
				listen.Warnf("metrics are open to whoever reaches %s", addr)
			}
		}
	}

	words := []string{"debug", "info", "warn", "error"}
	l.c.Log.Level = Level(index(root.Key("log").Map().Key("level").Enum("info", words...), words))
}

func index(word string, words []string) int {
	for i, w := range words {
		if w == word {
			return i
		}
	}
	return 0
}
