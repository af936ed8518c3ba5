package header

import "testing"

func BenchmarkScan(b *testing.B) {
	m := load(b, "testdata/carrier/jp_anonymous_privacy.sip")
	b.SetBytes(int64(len(m)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Scan(m); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCanonical(b *testing.B) {
	for name, file := range map[string]string{
		"AsItCame":  "testdata/carrier/jp_anonymous_privacy.sip",
		"Rewritten": "testdata/carrier/compact_headers_invite.sip",
		"Tortuous":  "testdata/rfc4475/wsinv.dat",
	} {
		b.Run(name, func(b *testing.B) {
			m := load(b, file)
			g := NewGuard(Limits{})
			b.SetBytes(int64(len(m)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := g.Canonical(m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	m := load(b, "testdata/carrier/jp_anonymous_privacy.sip")
	g := NewGuard(Limits{})
	b.SetBytes(int64(len(m)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(g, m); err != nil {
			b.Fatal(err)
		}
	}
}
