package header

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func TestFit(t *testing.T) {
	long := "INVITE sip:2001@b.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\nFrom: <sip:a@a.example>;tag=1\r\nTo: <sip:2001@b.example>\r\n" +
		"Call-ID: c\r\nCSeq: 1 INVITE\r\nContact: <sip:a@192.0.2.1>\r\nMax-Forwards: 70\r\nAllow: INVITE, ACK\r\nX-One: 1111\r\nSupported: timer\r\n" +
		"History-Info: <sip:a@b>;index=1\r\nX-Two: 2\r\nUser-to-User: 56a3;encoding=hex\r\nContent-Type: application/sdp\r\nContent-Length: 5\r\n\r\nhello"
	meaning := func(b []byte) string {
		m, err := Parse(NewGuard(Limits{}), bytes.Clone(b))
		if err != nil {
			t.Fatalf("%v\n%s", err, b)
		}
		return m.String()
	}
	was := 0
	for limit := len(long); limit > 100; limit-- {
		fitted, left := Fit([]byte(long), limit)
		if len(fitted) > limit && len(left) != 4 {
			t.Fatalf("limit %d: %d bytes, left out %v", limit, len(fitted), left)
		}
		if !slices.IsSorted([]int{was, len(left)}) || !strings.HasPrefix("Allow X-One X-Two User-to-User", strings.Join(left, " ")) {
			t.Fatalf("limit %d: left out %v", limit, left)
		}
		was = len(left)
		want := long
		for _, name := range left {
			before, rest, _ := strings.Cut(want, name+": ")
			_, after, _ := strings.Cut(rest, "\r\n")
			want = before + after
		}
		if got := meaning(fitted); got != meaning([]byte(want)) {
			t.Fatalf("limit %d: left out %v\n%s", limit, left, got)
		}
	}
	if was != 4 {
		t.Errorf("only %d headers were ever left out", was)
	}
	if again, left := Fit([]byte(long), len(long)-20); len(left) > 0 || len(again) > len(long)-20 {
		t.Errorf("compact names were enough, and yet %v was left out", left)
	}
	if got, want := Sizes([]byte(long)), "body=5 Via=44 start=35 History-Info=33"; !strings.HasPrefix(got, "body=5 ") || !strings.Contains(got, " Via=44 ") || !strings.Contains(got, "others=") {
		t.Errorf("sizes %q, want something like %q", got, want)
	}
	if got, _ := Fit([]byte("junk"), 1); string(got) != "junk" {
		t.Errorf("no message at all became %q", got)
	}
}
