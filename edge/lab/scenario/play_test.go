package scenario

import (
	"bytes"
	"strings"
	"testing"
)

// What is left over and how calls ended must be told, or every ladder's end
// would hold whatever happened.
func TestEndTellsWhatIsLeft(t *testing.T) {
	s := script(t, "call docomo from=09000002001 to=82002\nring au\nanswer au\nend\n----\n")
	r := playOnce(t, s, Fair(1), allSounds())
	for _, want := range []string{
		"expect docomo c1: not ended", "expect au called as 09000002002: not ended",
		"border.calls=2", "core.calls=1", "admissions=2", "border.legs=4", "core.legs=2", "border.ports=4", "core.ports=2",
	} {
		if !strings.Contains(r.End, want) {
			t.Errorf("no %q in\n%s", want, r.End)
		}
	}
}

// A voice that is not there must not be heard.
func TestHeardTellsWhatWasNot(t *testing.T) {
	sounds := allSounds()
	s := script(t, "call docomo from=09000002001 to=82002\nring au\nanswer au\nadvance 2s\nheard c1 docomo music emergency nothing\nend\n----\n")
	r := playOnce(t, s, Fair(1), sounds)
	for _, want := range []string{
		"c1 hears not the voice of docomo", "c1 hears not hold music", "c1 hears not emergency", "c1 hears something",
	} {
		if !strings.Contains(r.Text, want) {
			t.Errorf("no %q in\n%s", want, r.Text)
		}
	}
}

// Foul weather must be foul, and another seed other weather.
func TestWeather(t *testing.T) {
	sounds := allSounds()
	s := script(t, "call docomo from=09000002001 to=82002\nring au\nanswer au\nadvance 1s\nhangup c1\nend\n----\n")
	fair := playOnce(t, s, Fair(1), sounds)
	messages := func(r Result) int {
		return bytes.Count(r.Wire, []byte("SIP/2.0\r\n")) + bytes.Count(r.Wire, []byte("SIP/2.0 "))
	}
	worse := 0
	for seed := range uint64(5) {
		r := playOnce(t, s, Foul(seed), sounds)
		if bytes.Equal(r.Wire, fair.Wire) {
			t.Errorf("seed %d: as in fair weather", seed)
		}
		if messages(r) > messages(fair) {
			worse++
		}
	}
	if worse == 0 {
		t.Error("nothing was ever sent again")
	}
}

func TestScriptFaults(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"no outcome", "call docomo\n", "line 1: no ---- below"},
		{"no end", "advance 1s\n----\n", "does not close with the command end"},
		{"a body without a command", "  x\n----\n", "line 1: belongs to no command"},
		{"an open quote", "call docomo header='X\n----\n", "line 1: quote is not closed"},
	} {
		if _, err := ReadScript(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	sounds := allSounds()
	for _, c := range []struct{ name, text, want string }{
		{"an unknown command", "dance\nend\n----\n", "line 1: dance: no such command"},
		{"an unknown party", "call rakuten to=1\nend\n----\n", `no party "rakuten"`},
		{"an answer to nothing", "answer au\nend\n----\n", "au has no such call"},
		{"a configuration with a fault", "config\n  core:\n    mode: none\nend\n----\n", "core.mode"},
	} {
		if _, err := Play(script(t, c.text), Setting{Weather: Fair(1), Sounds: sounds}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func script(t *testing.T, text string) *Script {
	t.Helper()
	s, err := ReadScript(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
