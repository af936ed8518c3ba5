package main

import (
	"maps"
	"strings"
	"testing"
)

func TestBencode(t *testing.T) {
	got := string(encode([]byte("c "), []pair{{"command", "offer"}, {"direction", []string{"west", "east"}}, {"sdp", "v=0\r\n"}}))
	if want := "c d7:command5:offer9:directionl4:west4:easte3:sdp5:v=0\r\ne"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	answer, err := decode([]byte("d7:createdi12e6:result2:ok3:sdp4:v=0\n4:tagsd1:ali1eeee"))
	if err != nil || !maps.Equal(answer, map[string]string{"result": "ok", "sdp": "v=0\n"}) {
		t.Errorf("%v, %v", answer, err)
	}
	for _, bad := range []string{"", "i1e", "d", "d1:", "d1:a", "d9:ae", "d1:a-1:e", "d1:ali1e", "d1:ad1:b"} {
		if all, err := decode([]byte(bad)); err == nil && len(all) > 0 {
			t.Errorf("%q is read as %v", bad, all)
		}
	}
}

func TestMiddleReplacesTheBody(t *testing.T) {
	const text = "SIP/2.0 200 OK\r\nFrom: <sip:a@x>;tag=f1\r\nTo: <sip:b@y>;tag=t2;x=1\r\nCall-ID: c@d\r\nContent-Length: 3\r\n\r\nv=0"
	m, err := readRaw([]byte(text))
	if err != nil || !m.status || m.callID != "c@d" || m.fromTag != "f1" || m.toTag != "t2" || string(m.body) != "v=0" {
		t.Fatalf("%+v, %v", m, err)
	}
	if got, want := string(m.with([]byte("v=00"))), strings.Replace(text, "3\r\n\r\nv=0", "4\r\n\r\nv=00", 1); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for _, bad := range []string{"", "INVITE x SIP/2.0\r\n\r\n", "OPTIONS x SIP/2.0\r\nCall-ID: 1\r\n"} {
		if _, err := readRaw([]byte(bad)); err == nil {
			t.Errorf("%q is a message", bad)
		}
	}
}
