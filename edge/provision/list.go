package provision

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"sekisho/policy/number"
)

// listed is how many extensions are named one by one; of more, the rest are
// counted.
const listed = 12

// extensions names them in order.
func extensions(list []number.ExtensionNumber) string {
	words := make([]string, 0, len(list))
	for _, e := range list {
		words = append(words, string(e))
	}
	return bounded(words)
}

func bounded(words []string) string {
	if len(words) > listed {
		return strings.Join(words[:listed], ", ") + " and " + count(len(words)-listed, "other")
	}
	return strings.Join(words, ", ")
}

// places names those for which keep says so, by what they are; empty for none.
func places(list []place, keep func(number.ExtensionNumber) bool) string {
	by := map[string][]number.ExtensionNumber{}
	var kinds []string
	for _, p := range list {
		if !keep(p.extension) {
			continue
		}
		if by[p.what] == nil {
			kinds = append(kinds, p.what)
		}
		by[p.what] = append(by[p.what], p.extension)
	}
	parts := make([]string, 0, len(kinds))
	for _, k := range kinds {
		slices.Sort(by[k])
		parts = append(parts, k+" "+extensions(by[k]))
	}
	return strings.Join(parts, "; ")
}

func all(number.ExtensionNumber) bool { return true }

// sorted returns the keys of m in order.
func sorted[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
