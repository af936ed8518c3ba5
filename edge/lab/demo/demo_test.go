package demo

import (
	"bytes"
	"context"
	"errors"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"sekisho/edge/config"
)

// TestDemo runs what a user runs first. It is not parallel: it looks at every
// goroutine of the process, and one of its checks is timed.
func TestDemo(t *testing.T) {
	if os.Getenv("SEKISHO_REQUIRE") == "" {
		t.Skip("the emergency announcement alone takes half a minute: runs where SEKISHO_REQUIRE is set, and as sekisho demo")
	}
	r, text := run(t, Options{})
	if len(r.Failed) > 0 || r.Checks < 60 {
		t.Errorf("%d checks, failed: %q\n%s", r.Checks, r.Failed, text)
	}
	if r.Took > 45*time.Second {
		t.Errorf("it took %v", r.Took)
	}
	at := 0
	for _, st := range steps() {
		i := strings.Index(text, "── "+st.name+" · "+st.title)
		if i < at {
			t.Errorf("step %s is missing or out of order", st.name)
		}
		at = max(i, at)
	}
	looksRight(t, text)
	noneLeft(t)
}

// A fault has to be caught by the checks that it concerns, and by no other.
func TestFaults(t *testing.T) {
	t.Run("side by side", func(t *testing.T) {
		for _, c := range []struct {
			fault Fault
			step  string
			named []string
		}{
			{AUMask, "au-mask", []string{"au-mask: au is shown 99999999", "au-mask: au cannot learn who calls"}},
			{AUMask, "long-au", []string{"long-au: au is shown 99999999", "long-au: au cannot learn who calls"}},
			{Emergency, "emergency", []string{"emergency: docomo hears emergency twice"}},
			{Audio, "extension", []string{"extension: au hears docomo"}},
			{Audio, "blind", []string{"blind: the PSTN hears docomo"}},
		} {
			t.Run(c.fault.String()+" in "+c.step, func(t *testing.T) {
				if c.fault != AUMask && os.Getenv("SEKISHO_REQUIRE") == "" {
					t.Skip("seconds of real time: runs where SEKISHO_REQUIRE is set, and as sekisho demo -break")
				}
				t.Parallel()
				r, text := run(t, Options{Step: c.step, Fault: c.fault})
				if !slices.Equal(r.Failed, c.named) {
					t.Errorf("failed: %q, want %q\n%s", r.Failed, c.named, text)
				}
				for _, name := range c.named {
					if !strings.Contains(text, "\n  "+name+"\n") {
						t.Errorf("the text does not name %q", name)
					}
				}
				if !strings.Contains(text, "-break "+c.fault.String()) {
					t.Error("the text does not say what was broken")
				}
				looksRight(t, text)
			})
		}
	})
	noneLeft(t)
}

// A demo that is interrupted ends at once and leaves nothing.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var text bytes.Buffer
	r, err := Run(ctx, Options{Step: "emergency", Out: &text})
	if err != nil || len(r.Failed) == 0 || r.Took > 5*time.Second {
		t.Errorf("%v, failed: %q after %v", err, r.Failed, r.Took)
	}
	noneLeft(t)
}

func TestNothingToPrintTo(t *testing.T) {
	broken := errors.New("the pipe is gone")
	if _, err := Run(t.Context(), Options{Step: "extension", Out: failing{broken}}); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if _, err := Run(t.Context(), Options{Step: "nonsense", Out: failing{broken}}); !errors.Is(err, ErrUnknownStep) {
		t.Errorf("error %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestWords(t *testing.T) {
	for _, f := range append(Faults(), NoFault) {
		if got, err := ParseFault(f.String()); err != nil || got != f {
			t.Errorf("%q is read as %v, %v", f, got, err)
		}
	}
	if _, err := ParseFault("mask"); err == nil || !strings.Contains(err.Error(), "au-mask, emergency, audio") {
		t.Errorf("error %v", err)
	}
	var list bytes.Buffer
	if err := List(&list); err != nil {
		t.Error(err)
	}
	if n := strings.Count(list.String(), "\n"); n != len(steps()) {
		t.Errorf("%d lines:\n%s", n, &list)
	}
}

// The printed configuration is one that can be run, and shows the fault.
func TestConfiguration(t *testing.T) {
	whole, err := Configuration(NoFault)
	if err != nil {
		t.Fatal(err)
	}
	for f, differs := range map[Fault]bool{NoFault: false, AUMask: true, Emergency: true, Audio: false} {
		text, err := Configuration(f)
		if err != nil {
			t.Fatal(err)
		}
		c, err := config.Parse("demo.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Warnings) > 0 {
			t.Errorf("warnings %v", c.Warnings)
		}
		if (text != whole) != differs {
			t.Errorf("%v: the configuration is\n%s", f, text)
		}
	}
}

func run(t *testing.T, o Options) (Report, string) {
	t.Helper()
	var text bytes.Buffer
	o.Out = &text
	r, err := Run(t.Context(), o)
	if err != nil {
		t.Fatalf("%v\n%s", err, &text)
	}
	return r, text.String()
}

// looksRight holds the text to its width and to plain characters.
func looksRight(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if n := utf8.RuneCountInString(line); n > width || strings.ContainsAny(line, "\x1b\r\t") {
			t.Errorf("%d characters: %q", n, line)
		}
	}
}

// noneLeft fails for a goroutine of the project beside the test's own.
func noneLeft(t *testing.T) {
	t.Helper()
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	all := strings.Split(string(stacks), "\n\n")
	for _, stack := range all[1:] { // the first is our own
		if strings.Contains(stack, "sekisho/") && !strings.Contains(stack, "testing.(*T).Run") {
			t.Errorf("still runs:\n%s", stack)
		}
	}
}
