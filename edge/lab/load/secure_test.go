package load

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"
)

// TestSRTP: the caller's packets are SRTP on the way to the callee, and come out
// whole.
func TestSRTP(t *testing.T) {
	c := direct()
	c.SRTP = true
	r := play(t, c)
	for _, f := range r.Faults() {
		t.Error(f)
	}
	expectMedia(t, r, c.Calls, c.Talk)
}

// TestSeal: what is put under a key is not what it was, and no other key opens it.
func TestSeal(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	out, err := newSeal(drawKey(random))
	if err != nil {
		t.Fatal(err)
	}
	h := &half{puts: out, hears: loopback(9), call: new(call)}
	sdp := h.describe(nil)
	if !bytes.Contains(sdp, []byte("m=audio 9 RTP/SAVP 0 101\r\n")) {
		t.Errorf("%s", sdp)
	}
	var near, far half
	if err := near.key(sdp, true); err != nil || near.opens == nil {
		t.Fatal("no key in the description", err)
	}
	if far.opens, err = newSeal(drawKey(random)); err != nil {
		t.Fatal(err)
	}
	o := outgoing{payload: newPayload(random), ssrc: 7}
	b := make([]byte, headerLength+payloadLength, 256)
	o.write(b, stamp{call: 5, left: int64(time.Second)})
	plain := bytes.Clone(b)
	b, err = out.put(b)
	if err != nil || len(b) != len(plain)+10 || bytes.Contains(b, plain[headerLength:headerLength+16]) {
		t.Fatalf("%d octets of %d: %v", len(b), len(plain), err)
	}
	if _, err := far.opens.open(bytes.Clone(b)); err == nil {
		t.Error("opened by another key")
	}
	if got, err := near.opens.open(b); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("%x, %v", got, err)
	}
}

// TestKeyOfDescription: an answer without a key is plain RTP where it may be, and a
// key that cannot be used is none.
func TestKeyOfDescription(t *testing.T) {
	out, err := newSeal([material]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	keyed := half{puts: out}
	if err := keyed.key([]byte("v=0\r\n"), true); err == nil {
		t.Error("SRTP may be answered without a key")
	}
	if err := keyed.key([]byte("v=0\r\n"), false); err != nil || keyed.opens != nil {
		t.Error("the direct path answers plain", err)
	}
	for _, line := range []string{"a=crypto:1 AES_CM_128_HMAC_SHA1_32 inline:AAAA", "a=crypto:1 " + suite + " inline:AAAA", "a=crypto:1 " + suite} {
		if err := keyed.key([]byte(line+"\r\n"), true); err == nil {
			t.Errorf("taken: %s", line)
		}
	}
}
