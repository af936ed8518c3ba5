package config

import (
	"net/netip"
	"time"

	"sekisho/policy/document"
)

// leastKeepalive bounds what phones are sent.
const leastKeepalive = 10 * time.Second

// readRegistrar reads how phones register. Its `from` has no default: whom to
// listen to is the operator's to say.
func readRegistrar(v document.Value) Registrar {
	m := v.Map()
	from := m.Key("from")
	if v.Written() {
		from = from.Required()
	}
	expires := m.Key("expires").Map()
	r := Registrar{
		From:       readPrefixes(from),
		Rate:       m.Key("rate").Int(500, 1, 1_000_000),
		Digest:     readDigest(m.Key("digest")),
		MinExpires: expires.Key("min").Duration(time.Minute, 10*time.Second, time.Hour),
		MaxExpires: expires.Key("max").Duration(time.Hour, 10*time.Second, 24*time.Hour),
		Keepalive:  m.Key("keepalive").Duration(0, 0, 10*time.Minute),
	}
	if r.Keepalive > 0 && r.Keepalive < leastKeepalive {
		m.Key("keepalive").Faultf("%s is less than %s, and not 0s, which is never", r.Keepalive, leastKeepalive)
	}
	if r.MaxExpires < r.MinExpires {
		expires.Key("max").Faultf("%s is below the shortest registration, %s", r.MaxExpires, r.MinExpires)
	}
	return r
}

func readPrefixes(v document.Value) []netip.Prefix {
	list := v.List()
	if v.Present() && len(list) == 0 {
		v.Faultf("needs a prefix that phones register from")
	}
	var prefixes []netip.Prefix
	seen := claims{}
	for _, item := range list {
		text := item.String("")
		if text == "" {
			continue
		}
		p, err := parsePrefix(text)
		switch {
		case err != nil:
			item.Faultf("%v", err)
		case seen.take(p.String(), item):
			if p.Bits() == 0 {
				item.Warnf("whoever reaches this listener may try passwords")
			}
			prefixes = append(prefixes, p)
		}
	}
	return prefixes
}

// readDigest reads the algorithms that are offered.
func readDigest(v document.Value) []Digest {
	words := []string{"SHA-256", "MD5"}
	list := v.List()
	if !v.Present() {
		return []Digest{SHA256, MD5}
	}
	if len(list) == 0 {
		v.Faultf("needs SHA-256, MD5 or both")
	}
	var digests []Digest
	seen := claims{}
	for _, item := range list {
		d := Digest(index(item.Required().Enum("SHA-256", words...), words))
		if seen.take(words[d], item) {
			digests = append(digests, d)
		}
	}
	return digests
}
