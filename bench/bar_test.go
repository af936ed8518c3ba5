package main

import (
	"strings"
	"testing"
)

func TestBar(t *testing.T) {
	for _, c := range []struct {
		bar  bar
		want string
	}{
		{bar{name: "CPU", value: 299.6, most: 300, unit: "us"}, "bar: CPU: 300 us, at most 300 us: met\n"},
		{bar{name: "ratio", value: 0.904, most: 0.9}, "bar: ratio: 0.90, at most 0.9: MISSED\n"},
		{bar{name: "grown", value: 16, most: 16, unit: "MiB"}, "bar: grown: 16.0 MiB, at most 16 MiB: met\n"},
	} {
		var b strings.Builder
		if c.bar.write(&b); b.String() != c.want {
			t.Errorf("%q, want %q", b.String(), c.want)
		}
	}
}
