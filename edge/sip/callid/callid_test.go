package callid

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

var testKey = Key{0xa1, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53}

func random(seed uint64) [16]byte {
	r := rand.New(rand.NewPCG(seed, 1))
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], r.Uint64())
	binary.LittleEndian.PutUint64(b[8:], r.Uint64())
	return b
}

// DESIGN: both legs share a bucket whatever the number of shards is.
func TestLegsMeetForEveryNumberOfShards(t *testing.T) {
	for i := range uint64(2000) {
		a := fmt.Appendf(nil, "%x-leg-a@192.0.2.1", i*7919)
		bucket := testKey.Of(a)
		b := testKey.New(bucket, random(i))
		if got := testKey.Of([]byte(b)); got != bucket {
			t.Fatalf("B leg %s of %s: bucket %d, want %d", b, a, got, bucket)
		}
		for shards := 1; shards <= 64; shards++ {
			x, y := Shard(testKey.Of(a), shards), Shard(testKey.OfString(b), shards)
			if x != y || x < 0 || x >= shards {
				t.Fatalf("%d shards: leg A on %d, leg B on %d", shards, x, y)
			}
		}
	}
}

func TestEveryBucketCanBeWritten(t *testing.T) {
	for b := range Bucket(Buckets) {
		if got := testKey.OfString(testKey.New(b, random(uint64(b)))); got != b {
			t.Fatalf("bucket %d came back as %d", b, got)
		}
	}
}

// RFC 3261 §25.1: callid = word [ "@" word ]. Ours is one word of letters and
// digits and tells nothing about the host.
func TestFormIsOpaque(t *testing.T) {
	seen := map[string]bool{}
	for i := range uint64(100) {
		id := testKey.New(7, random(i))
		if len(id) != Length || strings.Trim(id, "0123456789abcdef") != "" {
			t.Fatalf("not %d hexadecimal digits: %q", Length, id)
		}
		if seen[id] {
			t.Fatalf("two Call-IDs alike: %s", id)
		}
		seen[id] = true
	}
}

// A forger who rewrites the bucket of a Call-ID it was shown must not be able
// to choose where it lands: over all 1,024 rewritings about one would agree
// with the forger's wish, as chance has it.
func TestForgedIsHashedLikeAPeers(t *testing.T) {
	genuine := testKey.New(300, random(5))
	agreed := 0
	for want := range Bucket(Buckets) {
		if want == 300 {
			continue
		}
		forged := genuine[:2*randomLength] + fmt.Sprintf("%04x", uint16(want)) + genuine[2*signedLength:]
		if _, ours := testKey.written([]byte(forged)); ours {
			t.Fatalf("forged bucket %d passed the MAC", want)
		}
		if testKey.OfString(forged) == want {
			agreed++
		}
	}
	if agreed > 10 {
		t.Fatalf("%d of 1023 forgeries landed in the bucket they asked for", agreed)
	}
}

func TestNotOurs(t *testing.T) {
	genuine := testKey.New(9, random(1))
	flipped := []byte(genuine)
	flipped[Length-1] ^= 1
	other := testKey
	other[15]++
	cases := map[string]string{
		"empty":             "",
		"MAC changed":       string(flipped),
		"random changed":    string('0'+('1'-genuine[0]&1)) + genuine[1:],
		"other key":         other.New(9, random(1)),
		"too short":         genuine[:Length-2],
		"with a host":       genuine + "@edge.example",
		"not hexadecimal":   strings.Repeat("g", Length),
		"all zero":          strings.Repeat("0", Length),
		"NUL and high bits": strings.Repeat("\x00\xff", Length/2),
	}
	for name, id := range cases {
		if _, ours := testKey.written([]byte(id)); ours {
			t.Errorf("%s: taken for ours: %q", name, id)
		}
		if b := testKey.OfString(id); b >= Buckets {
			t.Errorf("%s: bucket %d", name, b)
		}
	}
}

// The key decides, so that nobody outside can aim at one shard.
func TestKeyDecides(t *testing.T) {
	other := testKey
	other[0]++
	same := 0
	for i := range 4096 {
		id := fmt.Appendf(nil, "%d@192.0.2.7", i)
		if testKey.Of(id) == other.Of(id) {
			same++
		}
	}
	if same > 20 { // chance says 4
		t.Fatalf("%d of 4096 Call-IDs share a bucket under two keys", same)
	}
}

// Pearson's chi-square over the buckets: mean Buckets-1, standard deviation
// sqrt(2*(Buckets-1)) = 45. Sequential Call-IDs must look uniform too.
func TestDistribution(t *testing.T) {
	const calls = 200_000
	forms := map[string]func(int) []byte{
		"counter": func(i int) []byte { return fmt.Appendf(nil, "%d-4711@192.0.2.1", i) },
		"sipp":    func(i int) []byte { return fmt.Appendf(nil, "%d-993@127.0.0.1", i*2) },
		"hex":     func(i int) []byte { return fmt.Appendf(nil, "%048x", i) },
	}
	for name, form := range forms {
		var count [Buckets]int
		for i := range calls {
			count[testKey.Of(form(i))]++
		}
		mean, chi := float64(calls)/Buckets, 0.0
		for _, c := range count {
			d := float64(c) - mean
			chi += d * d / mean
		}
		if chi > Buckets+6*45 {
			t.Errorf("%s: chi-square %.0f over %d buckets", name, chi, Buckets)
		}
	}
}

// Snapshots hold buckets and Call-IDs: the mapping is a format, not a detail.
func TestMappingIsFixed(t *testing.T) {
	if got, want := testKey.OfString("a84b4c76e66710@pc33.atlanta.example"), Bucket(goldenPeer); got != want {
		t.Errorf("peer's: bucket %d, want %d", got, want)
	}
	if got := testKey.New(517, [16]byte{1, 2, 3}); got != goldenOurs {
		t.Errorf("ours: %s, want %s", got, goldenOurs)
	}
}

const (
	goldenPeer = 878
	goldenOurs = "010203000000000000000000000000000205fc76a7bf5e60"
)

func BenchmarkOf(b *testing.B) {
	peer := []byte("a84b4c76e66710-0123456789abcdef@192.0.2.33")
	ours := []byte(testKey.New(3, random(1)))
	b.Run("peer", func(b *testing.B) {
		for b.Loop() {
			testKey.Of(peer)
		}
	})
	b.Run("ours", func(b *testing.B) {
		for b.Loop() {
			testKey.Of(ours)
		}
	})
}
