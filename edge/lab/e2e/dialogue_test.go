package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// dialogue is a row: what both sides say, and how it is recorded.
type dialogue struct {
	name, file string
	// Said, Heard and With fill the file.
	Said, Heard, With string
	// records are what each call leaves, "" is none; by the way where they differ.
	records string
	other   string // from the core, where it is not the same
	way     Way    // "" is both
	seconds int    // what it may take; 0 is 20
	// bare has sipp repeat nothing, and count a repetition as a message.
	bare bool
}

const (
	byCaller = "answered a=remote/q16 b=local/q16"
	byCallee = "answered a=local/q16 b=remote/q16"
)

// dialogues are what sipp says on both sides. Each is played carrier to core and
// core to carrier.
var dialogues = []dialogue{
	{name: "basic", records: byCaller},
	{name: "bye by callee", file: "bye-by-callee", records: byCallee},
	{name: "bye crossing", file: "bye-crossing", records: "answered a=*/q16 b=*/q16"},
	{name: "cancel", records: "a=remote/487/q16 b=local/487/q16"},
	{name: "cancel meets 200", file: "cancel-meets-200", records: "a=remote/487/q16 b=local/487/q16"},
	{name: "486", file: "refused", Said: "486 Busy Here", Heard: "486", records: "a=local/486/q17 b=remote/486/q17"},
	{name: "503", file: "refused", Said: "503 Service Unavailable", Heard: "480", records: "a=local/480/q41 b=remote/503/q41"},
	{name: "603", file: "refused", Said: "603 Decline", Heard: "486", records: "a=local/486/q21 b=remote/603/q21"},
	{name: "late offer", file: "late-offer", records: byCaller},
	{name: "late offer unanswered", file: "late-offer-unanswered", records: "answered a=local/488/q65 b=local/488/q65"},
	{name: "hold", records: byCaller},
	{name: "re-INVITE by callee", file: "reinvite-by-callee", records: byCallee},
	{name: "glare", records: byCaller},
	{name: "glare on both legs", file: "glare-both", records: byCaller},
	{name: "PRACK required", file: "prack-required", Said: "0", records: byCaller},
	{name: "PRACK late", file: "prack-required", Said: "1200", records: byCaller},
	{name: "PRACK by callee", file: "prack-by-callee", Said: "0", records: byCaller},
	{name: "PRACK answered late", file: "prack-by-callee", Said: "1200", records: byCaller},
	{name: "PRACK lost", file: "prack-lost", records: byCaller, bare: true},
	{name: "PRACK to callee lost", file: "prack-by-callee-lost", records: byCaller, bare: true},
	{name: "PRACK never", file: "prack-never", Heard: "504", records: "a=remote/504/q102 b=local/504/q102", seconds: 60},
	{name: "UPDATE", file: "update", records: byCaller},
	{name: "422", file: "session-timer-422", records: byCaller},
	{name: "INFO", file: "info", records: byCaller},
	{name: "early media, 200 with SDP", file: "early-media", Said: "yes", records: byCaller},
	{name: "early media, 200 without", file: "early-media", records: byCaller},
	{name: "long headers", file: "long-headers", records: byCaller},
	{name: "retransmissions", file: "retransmissions", records: byCaller},
	{name: "lost ACK", file: "lost-ack", records: "answered a=remote/408/q102 b=local/408/q102", seconds: 60},
	{name: "OPTIONS", file: "options", records: byCaller},
	{name: "unknown method", file: "answered-here", Said: "CHARGE", Heard: "501"},
	{name: "420", file: "answered-here", Said: "INVITE", Heard: "420", With: "Require: precondition"},
	{name: "483", file: "answered-here", Said: "INVITE", Heard: "483", With: "Max-Forwards: 0"},
	{name: "482", file: "answered-here", Said: "INVITE", Heard: "482", With: "Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]\nVia: SIP/2.0/UDP [remote_ip]:[remote_port];branch=z9hG4bKours.p22", way: FromCarrier, records: "a=local/482/q31"},
	{name: "bad Content-Length", file: "answered-here", Said: "INVITE", Heard: "400", With: "Content-Type: application/sdp\nContent-Length: 9999\n\nv=0"},
	{name: "unknown dialog", file: "answered-here", Said: "BYE", Heard: "481", With: "To: <sip:nobody@[host]>;tag=none"},
	{name: "302", file: "redirect", Heard: "480", records: "a=local/480/q18 b=remote/302"},
}

// TestDialogues has sipp on both sides say what real peers say. Each call must
// end on both sides as its script wants, be recorded so, and leave nothing.
func TestDialogues(t *testing.T) {
	Need(t, "sipp")
	NeedTime(t, "each dialogue is a process and some seconds")
	t.Parallel()
	for _, d := range dialogues {
		for _, way := range []Way{FromCarrier, FromCore} {
			if d.way != "" && d.way != way {
				continue
			}
			t.Run(d.name+"/"+string(way), func(t *testing.T) {
				t.Parallel()
				speak(t, d, way)
			})
		}
	}
}

// dialogueCalls is how often each is played.
const dialogueCalls = 3

func speak(t *testing.T, d dialogue, way Way) {
	site, err := NewDialogueSite(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	speakAt(t, d, way, site, func(*SIPp, Way) {})
}

// speakAt plays a dialogue at a site whose carrier stands where place puts it.
func speakAt(t *testing.T, d dialogue, way Way, site *Site, place func(*SIPp, Way)) {
	const calls = dialogueCalls
	product := open(t, site)
	if d.file == "" {
		d.file = d.name
	}
	want := d.records
	caller, callee := SIPp{
		Scenario: "caller", Folder: filepath.Join(site.Folder, "caller"), Local: site.Carrier, Remote: site.West, Calls: calls, Rate: 20,
		Extra: []string{"-key", "called", "0300000121", "-key", "host", site.West.Addr().String(), "-key", "caller", "sip:+81300009001@pstn.example"},
	}, SIPp{Scenario: "callee", Folder: filepath.Join(site.Folder, "callee"), Local: site.Core, Calls: calls}
	if way == FromCore {
		caller.Local, caller.Remote, callee.Local = site.Core, site.East, site.Carrier
		caller.Extra = []string{"-key", "called", "0300009001", "-key", "host", "t1.example", "-key", "caller", "sip:0300000121@t1.example"}
		if d.other != "" {
			want = d.other
		}
	}
	if d.bare {
		caller.Extra, callee.Extra = append(caller.Extra, "-nr"), append(callee.Extra, "-nr")
	}
	if way == FromCore {
		place(&callee, way)
	} else {
		place(&caller, way)
	}
	seconds := d.seconds
	if seconds == 0 {
		seconds = 20
	}
	caller.Patience = time.Duration(seconds) * time.Second
	callee.Patience = caller.Patience
	outcomes := converse(t, d, caller, callee)
	for side, o := range outcomes {
		if o.Created != calls || o.Succeeded != calls || o.Failed != 0 || o.Unexpected != 0 {
			t.Errorf("%s: %+v", side, o)
		}
	}
	judgeDialogue(t, product, site, want, calls)
}

// converse runs both sides to their end.
func converse(t *testing.T, d dialogue, caller, callee SIPp) map[string]Outcome {
	t.Helper()
	outcomes := map[string]Outcome{}
	var err error
	if caller.Script, err = script(d.file, "caller", d); err != nil {
		t.Fatal(err)
	}
	if callee.Script, err = script(d.file, "callee", d); err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	var answered Outcome
	var calleeErr error
	if callee.Script != "" {
		wait.Go(func() { answered, calleeErr = callee.Run(t.Context()) })
		if err := AwaitBound(callee.Local, 5*time.Second); err != nil {
			t.Error(err)
		}
	}
	outcomes["caller"], err = caller.Run(t.Context())
	wait.Wait()
	if callee.Script != "" {
		outcomes["callee"] = answered
	}
	if err != nil || calleeErr != nil {
		t.Fatal(err, calleeErr)
	}
	return outcomes
}

// judgeDialogue reads the records, and that nothing is left of the calls.
func judgeDialogue(t *testing.T, product *Instance, site *Site, want string, calls int) {
	t.Helper()
	d := debug(t, product)
	for until := time.Now().Add(3 * time.Second); (d.Calls > 0 || d.Legs > 0 || d.Ports.Leased > 0) && time.Now().Before(until); d = debug(t, product) {
		time.Sleep(100 * time.Millisecond)
	}
	if d.Calls > 0 || d.Legs > 0 || d.Ports.Leased > 0 {
		t.Errorf("calls stand behind their end: %+v", d)
	}
	records, err := ReadRecords(site.Records())
	if err != nil {
		t.Fatal(err)
	}
	if want == "" {
		calls = 0
	}
	if len(records) != calls {
		t.Errorf("%d records of %d calls", len(records), calls)
	}
	for _, r := range records {
		if got := toldAs(r, want); got != want {
			t.Errorf("recorded as %q, want %q", got, want)
		}
	}
}

// toldAs is a record in the words of a row. Where want has a star, whatever was
// there is one.
func toldAs(r Record, want string) string {
	leg := func(name string, l *RecordLeg) string {
		if l == nil {
			return ""
		}
		side, text := l.Side, ""
		if strings.Contains(want, name+"=*") {
			side = "*"
		}
		if l.Status != 0 {
			text = fmt.Sprintf("/%d", l.Status)
		}
		if l.Q850 != 0 {
			text += fmt.Sprintf("/q%d", l.Q850)
		}
		return name + "=" + side + text
	}
	words := []string{leg("a", &r.A)}
	if r.B != nil {
		words = append(words, leg("b", r.B))
	}
	if r.Answered != nil {
		words = append([]string{"answered"}, words...)
	}
	return strings.Join(words, " ")
}
