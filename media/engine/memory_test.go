package engine

import (
	"runtime"
	"testing"
	"unsafe"
	"weak"

	"sekisho/media/port"
)

// TestMemory: a pair that was bound once costs next to nothing for good, a lease
// what a call may have of the 20 KB it is allowed, and that only while it lasts.
func TestMemory(t *testing.T) {
	if size := unsafe.Sizeof(berth{}); size > 32 {
		t.Errorf("%d bytes stay for each pair", size)
	}
	// With 8 octets of the allocator these are its size classes: one more costs
	// 256, or 64.
	if c, o := unsafe.Sizeof(cell{}), unsafe.Sizeof(outbound{}); c > 2040 || o > 632 {
		t.Errorf("a lease has %d bytes, its out-half %d", c, o)
	}
	m := newRoom(t, 2, port.Range{First: 20000, Last: 20099})
	a, b := m.party(0, 1), m.party(1, 2)
	m.Do(join(a, b))
	cells := []weak.Pointer[cell]{weak.Make(m.workers[0].find(a.Slot)), weak.Make(m.workers[1].find(b.Slot))}
	halves := []weak.Pointer[outbound]{weak.Make(m.workers[1].find(b.Slot).fed), weak.Make(m.workers[0].find(a.Slot).fed)}
	runtime.GC()
	for i := range cells {
		if cells[i].Value() == nil || halves[i].Value() == nil {
			t.Fatalf("lease %d has no cell or no out-half", i)
		}
	}
	m.Do(release(a))
	m.Do(release(b))
	runtime.GC()
	for i := range cells {
		if cells[i].Value() != nil || halves[i].Value() != nil {
			t.Errorf("lease %d is over and keeps its memory", i)
		}
	}
	runtime.KeepAlive(m)
}
