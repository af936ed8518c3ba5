package main

import (
	"io"
	"strings"
	"testing"
)

func events(lines ...string) string { return strings.Join(lines, "\n") + "\n" }

const (
	aPassed  = `{"Action":"pass","Package":"sekisho/policy","Test":"TestA"}`
	aSkipped = `{"Action":"skip","Package":"sekisho/policy","Test":"TestA"}`
	aFailed  = `{"Action":"fail","Package":"sekisho/policy","Test":"TestA"}`
	pkgLine  = `{"Action":"output","Package":"sekisho/policy","Output":"ok  \tsekisho/policy\t0.1s\n"}`
)

func TestOutcomes(t *testing.T) {
	for _, c := range []struct {
		name, events string
		want         outcome
	}{
		{"absent", events(pkgLine), notRun},
		{"skipped", events(aSkipped), skipped},
		{"skipped, then with tools", events(aSkipped, aPassed), passed},
		{"with tools, then skipped", events(aPassed, aSkipped), passed},
		{"a failure stays", events(aFailed, aPassed), failed},
		{"a failure is last", events(aPassed, aFailed), failed},
	} {
		got, err := outcomes(strings.NewReader(c.events))
		if err != nil || got[testKey{"sekisho/policy", "TestA"}] != c.want {
			t.Errorf("%s: %v, %v", c.name, got, err)
		}
	}
	if _, err := outcomes(strings.NewReader("ok  \tsekisho/policy\n")); err == nil {
		t.Error("plain output was taken for events")
	}
}

func TestWatch(t *testing.T) {
	for _, c := range []struct{ name, events, says, fault string }{
		{"passes", events(pkgLine, aPassed), "ok  \tsekisho/policy", ""},
		{
			"a skip is aloud",
			events(`{"Action":"output","Package":"sekisho/policy","Test":"TestA","Output":"    a_test.go:1: no sipp\n"}`, aSkipped,
				`{"Action":"pass","Package":"sekisho/policy","Test":"TestB"}`),
			"skipped sekisho/policy.TestA: a_test.go:1: no sipp", "",
		},
		{"failures are shown", events(`{"Action":"output","Package":"sekisho/policy","Test":"TestA","Output":"got 1\n"}`, aFailed), "got 1", "failed"},
		{"a build that fails", events(aPassed, `{"Action":"build-fail","ImportPath":"sekisho/x"}`), "", "failed"},
		{"a package that fails", events(aPassed, `{"Action":"fail","Package":"sekisho/x"}`), "", "failed"},
		{"nothing ran", events(pkgLine), "", "no test ran"},
		{"all was skipped", events(aSkipped), "", "no test ran"},
	} {
		var out, kept strings.Builder
		err := watch(strings.NewReader(c.events), &kept, &out)
		switch {
		case c.fault == "" && err != nil, c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)):
			t.Errorf("%s: %v", c.name, err)
		case !strings.Contains(out.String(), c.says):
			t.Errorf("%s: said %q", c.name, out.String())
		case kept.String() != c.events:
			t.Errorf("%s: kept %q", c.name, kept.String())
		}
	}
	if err := watch(strings.NewReader(aPassed), io.Discard, io.Discard); err != nil {
		t.Errorf("without a last line end: %v", err)
	}
}
