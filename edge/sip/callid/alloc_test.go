//go:build !race

package callid

import "testing"

func TestOfDoesNotAllocate(t *testing.T) {
	peer := []byte("a84b4c76e66710-0123456789abcdef@192.0.2.33")
	ours := testKey.New(3, random(1))
	raw := []byte(ours)
	sum := Bucket(0)
	n := testing.AllocsPerRun(1000, func() {
		sum += testKey.Of(peer) + testKey.Of(raw) + testKey.OfString(ours)
	})
	if n != 0 {
		t.Fatalf("%v allocations per run (sum %d)", n, sum)
	}
}
