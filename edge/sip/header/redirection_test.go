package header

import (
	"reflect"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
)

const carol, bob, alice = "sip:0300000103@a.example;user=phone", "sip:0300000102@a.example", "tel:+81300000101"

func lined(lines ...string) sip.Message {
	m := sip.NewRequest(sip.INVITE, sip.Uri{})
	for _, l := range lines {
		name, value, _ := strings.Cut(l, ": ")
		m.AppendHeader(sip.NewHeader(name, value))
	}
	return m
}

// What both headers say, in all the ways they say it (RFC 5806 §6, RFC 7044 §5,
// RFC 7544 §6 and §7).
func TestRedirections(t *testing.T) {
	two := []Redirection{{bob, "user-busy", 1, false}, {alice, "unconditional", 1, false}}
	rows := []struct {
		name  string
		lines []string
		want  []Redirection
	}{
		{"none", nil, nil},
		{"Diversion, latest first", []string{"Diversion: <" + bob + ">;reason=user-busy;counter=1, <" + alice + ">;reason=unconditional"}, two},
		{"two lines, any case, a quoted reason", []string{`DIVERSION: "Bob" <` + bob + `>;REASON="User-Busy"`, "diversion: <" + alice + ">;reason=UNCONDITIONAL;privacy=off"}, two},
		{"counter and privacy", []string{"Diversion: <" + bob + ">;reason=no-answer;counter=4;privacy=full"}, []Redirection{{bob, "no-answer", 4, true}}},
		{"a counter beyond belief", []string{"Diversion: <" + bob + ">;counter=4294967296"}, []Redirection{{bob, "unknown", 1, false}}},
		{"a reason of somebody's own", []string{"Diversion: <" + bob + ">;reason=lunch"}, []Redirection{{bob, "unknown", 1, false}}},
		{"an unreadable one is counted to the later", []string{"Diversion: <" + bob + ">;reason=away, <sip:>>x, <" + alice + ">"},
			[]Redirection{{bob, "away", 2, false}, {alice, "unknown", 1, false}}},
		{"History-Info, first target first", []string{"History-Info: <" + alice + ">;index=1, <" + bob + ";cause=302>;index=1.1;mp=1, <" + carol + ";cause=486>;index=1.1.1;mp=1.1"}, two},
		{"two lines, without mp", []string{"history-info: <" + alice + ">;index=1", "History-Info: <" + bob + ";CAUSE=302>;index=1.1, <" + carol + ";cause=486>;index=1.1.1"}, two},
		{"RFC 4244, the Reason escaped", []string{"History-Info: <" + bob + "?Reason=SIP%3Bcause%3D486>;index=1, <" + carol + ">;index=1.1"}, two[:1]},
		{"mp over a fork", []string{"History-Info: <" + bob + ">;index=1, <" + alice + ">;index=1.1;rc=1, <" + carol + ";cause=486>;index=1.2;mp=1"}, two[:1]},
		{"routing is no diversion", []string{"History-Info: <" + bob + ">;index=1, <" + carol + ">;index=1.1;rc=1, <" + carol + ";cause=500>;index=1.2"}, nil},
		{"private entries", []string{"History-Info: <" + bob + "?Privacy=history>;index=1, <" + carol + ";cause=480>;index=1.1"}, []Redirection{{bob, "deflection", 1, true}}},
		{"Privacy of them all", []string{"Privacy: id;History", "History-Info: <" + bob + ">;index=1, <" + carol + ";cause=503>;index=1.1"}, []Redirection{{bob, "unavailable", 1, true}}},
		{"one who is not named", []string{"History-Info: <sip:unknown@unknown.invalid>;index=1, <" + bob + ";cause=404>;index=1.1;mp=1, <" + carol + ";cause=408>;index=1.1.1;mp=1.1"},
			[]Redirection{{bob, "no-answer", 2, false}}},
		{"both, the longer counts", []string{"Diversion: <" + bob + ">;reason=user-busy, <" + alice + ">;reason=unconditional",
			"History-Info: <" + bob + ">;index=1, <" + carol + ";cause=486>;index=1.1"}, two},
		{"both alike", []string{"Diversion: <" + alice + ">", "History-Info: <" + bob + ">;index=1, <" + carol + ";cause=486>;index=1.1"}, two[:1]},
		{"mp that leads nowhere", []string{"History-Info: <" + bob + ">;index=1, <" + carol + ";cause=486>;index=1.1;mp=7.9"}, two[:1]},
		{"no index at all", []string{"History-Info: <" + bob + ">, <" + carol + ";cause=486>"}, two[:1]},
	}
	for _, r := range rows {
		if got := Redirections(lined(r.lines...)); !reflect.DeepEqual(got, r.want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", r.name, got, r.want)
		}
	}
}

// Every reason goes to Diversion unchanged, and to History-Info and back as the
// table of RFC 7544 §7.1 allows; times and privacy survive both.
func TestRedirectionsAreWrittenAsTheyAreRead(t *testing.T) {
	for why, back := range map[string]string{
		"unknown": "unknown", "user-busy": "user-busy", "no-answer": "no-answer", "unavailable": "unavailable", "unconditional": "unconditional",
		"deflection": "deflection", "time-of-day": "unknown", "do-not-disturb": "unknown", "follow-me": "unknown", "out-of-service": "unknown", "away": "unknown",
	} {
		rs := []Redirection{{bob, why, 3, false}, {carol, why, 1, true}}
		if got := Redirections(lined("Diversion: "+rs[0].String(), "Diversion: "+rs[1].String())); !reflect.DeepEqual(got, rs) {
			t.Errorf("%s by Diversion: %+v", why, got)
		}
		values := HistoryOf(rs, alice)
		rs[0].Why, rs[1].Why = back, back
		if got := Redirections(lined("History-Info: " + strings.Join(values, ", "))); !reflect.DeepEqual(got, rs) {
			t.Errorf("%s by History-Info: %+v\n%v", why, got, values)
		}
	}
	want := []string{"<sip:a@a.example>;index=1", "<sip:b@b.example;cause=302>;index=1.1;mp=1"}
	if got := HistoryOf([]Redirection{{"sip:a@a.example", "unconditional", 1, false}}, "sip:b@b.example"); !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
	if HistoryOf(nil, alice) != nil {
		t.Error("a call that nobody passed on has a history")
	}
}
