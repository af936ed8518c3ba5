package srtp

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
)

func allSuites() []Suite {
	return []Suite{AES128CM80, AES128CM32, AES256CM80, AES256CM32, AES128GCM, AES256GCM}
}

// someKey is a key of a suite, another for each seed.
func someKey(t testing.TB, s Suite, seed uint64) Key {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, uint64(s)))
	b := make([]byte, s.Length())
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return keyOf(t, s, b)
}

// voice is a packet of 20 ms of G.711 with room behind it.
func voice(ssrc uint32, seq uint16) []byte {
	p := make([]byte, 172, 172+Overhead)
	p[0] = 0x80
	binary.BigEndian.PutUint16(p[2:], seq)
	binary.BigEndian.PutUint32(p[4:], 160*uint32(seq))
	binary.BigEndian.PutUint32(p[8:], ssrc)
	for i := 12; i < len(p); i++ {
		p[i] = byte(int(seq) + i)
	}
	return p
}

// report is a receiver report without blocks, and a canonical name.
func report(ssrc uint32) []byte {
	p := append(make([]byte, 0, 64), 0x80, 201, 0, 1, 0, 0, 0, 0, 0x81, 202, 0, 3, 0, 0, 0, 0, 1, 2, 'a', 'b', 0, 0, 0, 0)
	binary.BigEndian.PutUint32(p[4:], ssrc)
	binary.BigEndian.PutUint32(p[12:], ssrc)
	return p
}

// Sender and receiver agree with the reference for every suite, over the wrap of
// the sequence numbers and with packets out of order.
func TestAgainstReference(t *testing.T) {
	for _, suite := range allSuites() {
		t.Run(suite.String(), func(t *testing.T) {
			k := someKey(t, suite, 1)
			s, r := sender(t, k), receiver(t, k)
			index := uint64(65530)
			for _, step := range []int64{0, 1, 2, -1, 3, 1, 1, 4, -2, 1, 2, 30, 100, 1} {
				index = uint64(int64(index) + step)
				p := voice(7, uint16(index))
				want := protect(t, k, p, index)
				got, ok := s.RTP(roomy(p))
				if !ok || !bytes.Equal(got, want) {
					t.Fatalf("index %d: protected %v\n got %x\nwant %x", index, ok, got, want)
				}
				back, f := r.RTP(got)
				if f != None || !bytes.Equal(back, p) {
					t.Fatalf("index %d: opened %v", index, f)
				}
			}
			for n := range uint32(3) {
				p := report(7)
				want := protectRTCP(t, k, p, n+1)
				got, ok := s.RTCP(roomy(p))
				if !ok || !bytes.Equal(got, want) {
					t.Fatalf("report %d: protected %v\n got %x\nwant %x", n, ok, got, want)
				}
				if back, f := r.RTCP(got); f != None || !bytes.Equal(back, p) {
					t.Fatalf("report %d: opened %v", n, f)
				}
			}
		})
	}
}

// One bit anywhere, another key, no tag, plain RTP: none is opened, and none
// leaves a trace that keeps the next good packet out.
func TestUnauthentic(t *testing.T) {
	for _, suite := range allSuites() {
		t.Run(suite.String(), func(t *testing.T) {
			k := someKey(t, suite, 1)
			s, r := sender(t, k), receiver(t, k)
			good, _ := s.RTP(voice(7, 100))
			for bit := range 8 * len(good) {
				bad := bytes.Clone(good)
				bad[bit/8] ^= 1 << (bit % 8)
				if _, f := r.RTP(bad); f == None {
					t.Fatalf("opened with bit %d flipped", bit)
				}
			}
			foreign, _ := sender(t, someKey(t, suite, 2)).RTP(voice(7, 100))
			for what, bad := range map[string][]byte{
				"another key": foreign, "no tag": good[:len(good)-table[suite].tag], "plain RTP": voice(7, 100),
				"cut": good[:len(good)-1], "header alone": good[:12],
			} {
				if _, f := r.RTP(bytes.Clone(bad)); f != Unauthentic && f != Malformed && f != Replayed {
					t.Errorf("%s: %v", what, f)
				}
			}
			if _, f := r.RTP(bytes.Clone(foreign)); f != Unauthentic {
				t.Errorf("another key: %v", f)
			}
			if _, f := r.RTP([]byte{0x80, 0}); f != Malformed {
				t.Errorf("two bytes: %v", f)
			}
			if got := r.Snapshot(); got.Begun || got.Known {
				t.Errorf("bad packets have left %+v", got)
			}
			if out, f := r.RTP(bytes.Clone(good)); f != None || !bytes.Equal(out, voice(7, 100)) {
				t.Errorf("the good one afterwards: %v", f)
			}
			goodReport, _ := s.RTCP(report(7))
			for bit := range 8 * len(goodReport) {
				bad := bytes.Clone(goodReport)
				bad[bit/8] ^= 1 << (bit % 8)
				if _, f := r.RTCP(bad); f == None {
					t.Fatalf("report opened with bit %d flipped", bit)
				}
			}
			for n := range len(goodReport) {
				if _, f := r.RTCP(bytes.Clone(goodReport[:n])); f == None {
					t.Fatalf("report opened at %d bytes", n)
				}
			}
			if _, f := r.RTCP(report(7)); f == None {
				t.Error("plain RTCP opened")
			}
			if _, f := r.RTCP(bytes.Clone(goodReport)); f != None {
				t.Errorf("the good report afterwards: %v", f)
			}
		})
	}
}

func TestReplay(t *testing.T) {
	for _, suite := range allSuites() {
		t.Run(suite.String(), func(t *testing.T) {
			k := someKey(t, suite, 1)
			s, r := sender(t, k), receiver(t, k)
			var first, report1 []byte
			for seq := range uint16(300) {
				p, _ := s.RTP(voice(7, seq))
				c, _ := s.RTCP(report(7))
				if seq == 0 {
					first, report1 = bytes.Clone(p), bytes.Clone(c)
				}
				again := [2][]byte{bytes.Clone(p), bytes.Clone(c)}
				if _, f := r.RTP(p); f != None {
					t.Fatalf("packet %d: %v", seq, f)
				}
				if _, f := r.RTCP(c); f != None {
					t.Fatalf("report %d: %v", seq, f)
				}
				if _, f := r.RTP(again[0]); f != Replayed {
					t.Fatalf("packet %d again: %v", seq, f)
				}
				if _, f := r.RTCP(again[1]); f != Replayed {
					t.Fatalf("report %d again: %v", seq, f)
				}
			}
			if _, f := r.RTP(first); f != Replayed {
				t.Errorf("beyond the window: %v", f)
			}
			if _, f := r.RTCP(report1); f != Replayed {
				t.Errorf("report beyond the window: %v", f)
			}
		})
	}
}

// An index is protected once (RFC 7714 §8.4), late ones within 64, and nobody's
// stream but ours.
func TestIndexOnce(t *testing.T) {
	s := sender(t, someKey(t, AES128GCM, 1))
	protected := func(ssrc uint32, seq uint16) bool {
		_, ok := s.RTP(voice(ssrc, seq))
		return ok
	}
	for _, c := range []struct {
		ssrc uint32
		seq  uint16
		want bool
	}{
		{7, 65500, true}, {7, 65500, false}, {7, 65501, true}, {7, 65500, false}, {8, 65502, false},
		{7, 10, true}, {7, 10, false}, {7, 65502, true}, {7, 65502, false}, {7, 65501, false},
		{7, 74, true}, {7, 10, false}, {7, 11, true}, {7, 11, false}, {7, 9, false},
	} {
		if got := protected(c.ssrc, c.seq); got != c.want {
			t.Errorf("SSRC %d, sequence number %d: %v", c.ssrc, c.seq, got)
		}
	}
	if _, ok := s.RTCP(report(8)); ok {
		t.Error("a report of another SSRC was protected")
	}
	if _, ok := s.RTP([]byte{0x80, 0, 0}); ok {
		t.Error("what is no RTP was protected")
	}
}

// Who knows the key may still not make the receiver remember without bound.
func TestStreamsAreBounded(t *testing.T) {
	k := someKey(t, AES128CM80, 1)
	r := receiver(t, k)
	for ssrc := range uint32(100) {
		p, _ := sender(t, k).RTP(voice(ssrc, 1))
		c, _ := sender(t, k).RTCP(report(ssrc))
		want := None
		if ssrc >= maxStreams {
			want = Crowded
		}
		if _, f := r.RTP(p); f != want {
			t.Fatalf("SSRC %d: %v", ssrc, f)
		}
		if _, f := r.RTCP(c); f != want {
			t.Fatalf("report of SSRC %d: %v", ssrc, f)
		}
	}
	// Who does not know it takes no place.
	r = receiver(t, k)
	for ssrc := range uint32(100) {
		r.RTP(voice(ssrc, 1))
	}
	if r.current.streams != 0 {
		t.Errorf("%d strangers remembered", r.current.streams)
	}
}

// The old key holds until the new one has proven itself; then it is over.
func TestRekey(t *testing.T) {
	for _, suite := range allSuites() {
		t.Run(suite.String(), func(t *testing.T) {
			old, other := someKey(t, AES256GCM, 1), someKey(t, suite, 2)
			before, after, r := sender(t, old), sender(t, other), receiver(t, old)
			opens := func(s *Sender, seq uint16) Fault {
				p, ok := s.RTP(voice(7, seq))
				if !ok {
					t.Fatal("not protected")
				}
				out, f := r.RTP(p)
				if f == None && (!bytes.Equal(out, voice(7, seq)) || &out[0] != &p[0]) {
					t.Fatal("opened wrong or elsewhere")
				}
				return f
			}
			if f := opens(before, 1); f != None {
				t.Fatal(f)
			}
			if err := r.Rekey(other); err != nil {
				t.Fatal(err)
			}
			if r.Key() != other {
				t.Error("the key that was set last is not told")
			}
			for seq, want := range map[uint16]Fault{2: None, 3: None} {
				if f := opens(before, seq); f != want {
					t.Errorf("old key, %d: %v", seq, f)
				}
			}
			if _, f := r.RTP(voice(7, 4)); f != Unauthentic {
				t.Errorf("plain RTP meanwhile: %v", f)
			}
			if f := opens(after, 5); f != None {
				t.Errorf("new key: %v", f)
			}
			if f := opens(before, 6); f == None {
				t.Error("the old key opens behind the new one")
			}
			if f := opens(after, 7); f != None {
				t.Errorf("new key again: %v", f)
			}
		})
	}
	t.Run("by a report", func(t *testing.T) {
		old, other := someKey(t, AES128GCM, 1), someKey(t, AES128CM80, 2)
		r := receiver(t, old)
		if err := r.Rekey(other); err != nil {
			t.Fatal(err)
		}
		if p, _ := sender(t, other).RTCP(report(7)); true {
			if _, f := r.RTCP(p); f != None || r.current.key != other {
				t.Errorf("%v", f)
			}
		}
	})
	t.Run("taken back", func(t *testing.T) {
		old, other := someKey(t, AES128GCM, 1), someKey(t, AES128GCM, 2)
		r := receiver(t, old)
		for _, k := range []Key{other, old, old} {
			if err := r.Rekey(k); err != nil {
				t.Fatal(err)
			}
		}
		if p, _ := sender(t, other).RTP(voice(7, 1)); true {
			if _, f := r.RTP(p); f != Unauthentic {
				t.Errorf("a key that was taken back opens: %v", f)
			}
		}
	})
}

// The same key again, as every re-INVITE brings it, keeps counter and window;
// another key begins at zero or goes on, as its owner likes.
func TestRolloverCounterOverRekey(t *testing.T) {
	k, other := someKey(t, AES128CM80, 1), someKey(t, AES128CM80, 2)
	for _, roc := range []uint64{0, 1} {
		r := receiver(t, k)
		for index := uint64(65500); index < 65600; index += 9 {
			p := protect(t, k, voice(7, uint16(index)), index)
			if _, f := r.RTP(bytes.Clone(p)); f != None {
				t.Fatal(f)
			}
			if err := r.Rekey(k); err != nil {
				t.Fatal(err)
			}
			if _, f := r.RTP(p); f != Replayed {
				t.Fatalf("the window was forgotten: %v", f)
			}
		}
		if err := r.Rekey(other); err != nil {
			t.Fatal(err)
		}
		for seq := range uint16(3) {
			index := roc<<16 | uint64(100+seq)
			if _, f := r.RTP(protect(t, other, voice(7, uint16(index)), index)); f != None {
				t.Errorf("counter %d under another key, packet %d: %v", roc, seq, f)
			}
		}
	}
}

func TestSnapshot(t *testing.T) {
	for _, suite := range allSuites() {
		t.Run(suite.String(), func(t *testing.T) {
			k := someKey(t, suite, 1)
			s, r := sender(t, k), receiver(t, k)
			var last, lastReport []byte
			for index := uint64(65530); index <= 65535; index++ {
				last, _ = s.RTP(voice(7, uint16(index)))
				lastReport, _ = s.RTCP(report(7))
				if _, f := r.RTP(bytes.Clone(last)); f != None {
					t.Fatal(f)
				}
				if _, f := r.RTCP(bytes.Clone(lastReport)); f != None {
					t.Fatal(f)
				}
			}
			saved, heard := s.Snapshot(), r.Snapshot()
			if want := (Snapshot{Key: k, SSRC: 7, Seq: 65535, Control: 6, Known: true, Begun: true}); saved != want || heard != want {
				t.Fatalf("%+v, %+v", saved, heard)
			}
			s, err := RestoreSender(saved)
			if err != nil {
				t.Fatal(err)
			}
			if r, err = RestoreReceiver(heard); err != nil {
				t.Fatal(err)
			}
			if s.Snapshot() != saved || r.Snapshot() != heard {
				t.Error("a snapshot of what was restored differs")
			}
			if _, f := r.RTP(last); f != Replayed {
				t.Errorf("a packet from before: %v", f)
			}
			if _, f := r.RTCP(lastReport); f != Replayed {
				t.Errorf("a report from before: %v", f)
			}
			if _, ok := s.RTP(voice(7, 65535)); ok {
				t.Error("an index from before was protected again")
			}
			p, ok := s.RTP(voice(7, 0)) // over the wrap
			if want := protect(t, k, voice(7, 0), 65536); !ok || !bytes.Equal(p, want) {
				t.Fatal("protected with another index")
			}
			if _, f := r.RTP(p); f != None {
				t.Errorf("the next packet: %v", f)
			}
			c, ok := s.RTCP(report(7))
			if want := protectRTCP(t, k, report(7), 7); !ok || !bytes.Equal(c, want) {
				t.Fatal("report protected with another index")
			}
			if _, f := r.RTCP(c); f != None {
				t.Errorf("the next report: %v", f)
			}
		})
	}
	t.Run("between keys", func(t *testing.T) {
		k, next := someKey(t, AES128GCM, 1), someKey(t, AES128GCM, 2)
		r := receiver(t, k)
		if err := r.Rekey(next); err != nil {
			t.Fatal(err)
		}
		r, err := RestoreReceiver(r.Snapshot())
		if err != nil {
			t.Fatal(err)
		}
		for i, k := range []Key{k, next} {
			if p, _ := sender(t, k).RTP(voice(7, uint16(i))); true {
				if _, f := r.RTP(p); f != None {
					t.Errorf("key %d: %v", i, f)
				}
			}
		}
	})
}

// Whatever prints a key prints its suite.
func TestKeysAreNotPrinted(t *testing.T) {
	k := keyOf(t, AES128CM80, []byte("PlainlyVisibleMasterKeyAndSalt"))
	keys := Keys{In: k, Out: k}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "key", k, "keys", keys, "at", &k)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "key", k, "keys", keys, "at", &k)
	text, err := json.Marshal(map[string]any{"key": k, "keys": keys, "at": &k, "state": sender(t, k).Snapshot()})
	if err != nil {
		t.Fatal(err)
	}
	log.Write(text)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&log, verb+verb+verb+"\n", k, &k, keys)
	}
	for _, leak := range []string{"PlainlyVisible", "506c61696e6c79", "80 108 97 105 110", "UGxhaW5seVZpc2libGV"} {
		if bytes.Contains(log.Bytes(), []byte(leak)) {
			t.Errorf("printed: %s", log.Bytes())
		}
	}
	if !bytes.Contains(log.Bytes(), []byte("AES_CM_128_HMAC_SHA1_80")) {
		t.Error("the suite is not printed")
	}
}

func TestSuites(t *testing.T) {
	for _, s := range allSuites() {
		if got, ok := ParseSuite(s.String()); !ok || got != s {
			t.Errorf("%s is read as %s", s, got)
		}
		if _, ok := NewKey(s, make([]byte, s.Length()-1)); ok {
			t.Errorf("%s takes a short key", s)
		}
	}
	for _, name := range []string{"", "F8_128_HMAC_SHA1_80", "NULL_HMAC_SHA1_80"} {
		if _, ok := ParseSuite(name); ok {
			t.Errorf("%q is spoken", name)
		}
	}
	if _, ok := NewKey(Plain, nil); ok {
		t.Error("there is a key of plain RTP")
	}
	if !new(Key).IsZero() || Suite(200).String() != "" || Suite(200).Length() != 0 {
		t.Error("the zero key is plain RTP")
	}
}

// A report that is authentic but not encrypted was never agreed (RFC 4568 §6.3.2).
func TestUnencryptedReports(t *testing.T) {
	k := someKey(t, AES128CM80, 1)
	master, salt := k.master()
	p := binary.BigEndian.AppendUint32(report(7), 1)
	p = append(p, mac(derive(t, master, salt, 4, 20), 10, p)...)
	if _, f := receiver(t, k).RTCP(p); f != Unauthentic {
		t.Errorf("an unencrypted report is %v", f)
	}
	if Unauthentic.String() != "unauthentic" || Fault(200).String() != "unknown" {
		t.Error("faults have no names")
	}
}

// A peer that begins just below the wrap, and is heard only behind it, is heard;
// so is one that begins low. Strangers do not use the one chance up.
func TestFirstPacketBehindTheWrap(t *testing.T) {
	for _, suite := range allSuites() {
		k := someKey(t, suite, 1)
		for _, begins := range []uint64{0, 1} {
			r := receiver(t, k)
			for i := range uint32(100) {
				if _, f := r.RTP(voice(1000+i, uint16(i))); f != Unauthentic {
					t.Fatalf("%v: a stranger is %v", suite, f)
				}
			}
			if begins == 1 { // the strangers have taken the looks ahead
				r = receiver(t, k)
				r.RTP(voice(7, 5))
			}
			for seq := range uint16(200) {
				index := begins<<16 | uint64(seq+5)
				p := protect(t, k, voice(7, seq+5), index)
				again := bytes.Clone(p)
				out, f := r.RTP(p)
				if f != None || !bytes.Equal(out, voice(7, seq+5)) {
					t.Fatalf("%v: counter %d, packet %d: %v", suite, begins, seq, f)
				}
				if _, f := r.RTP(again); f != Replayed {
					t.Fatalf("%v: counter %d, packet %d again: %v", suite, begins, seq, f)
				}
			}
			if got := r.Snapshot(); got.ROC != uint32(begins) || got.Seq != 204 || r.scratch != nil || r.ahead != nil {
				t.Errorf("%v: %+v", suite, got)
			}
		}
	}
}
