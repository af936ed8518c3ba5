//go:build !race

package number

import "testing"

// The plain spellings cost nothing; +81 costs the one string that puts the
// trunk zero back.
func TestAllocations(t *testing.T) {
	for _, r := range []struct {
		user string
		want float64
	}{{"0300009001", 0}, {"82001", 0}, {"+12025550123", 0}, {"+819000002001", 1}, {"8119", 0}} {
		got := testing.AllocsPerRun(100, func() {
			d, err := URIUser{User: r.user, Params: "user=phone"}.Dialled()
			if err != nil {
				t.Fatal(err)
			}
			d.Emergency()
			if rest, _ := d.CutService(); rest.Number().IsZero() && d.Number().IsZero() {
				t.Fatal("none")
			}
		})
		if got > r.want {
			t.Errorf("%s: %v allocations, want %v", r.user, got, r.want)
		}
	}
}
