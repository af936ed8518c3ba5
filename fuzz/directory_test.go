package fuzz

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"sekisho/edge/config"
	feature "sekisho/edge/core"
	"sekisho/edge/node"
)

// directoryText is a configuration whose core is an exchange's.
const directoryText = `border:
  listen: {west: {sip: "udp:192.0.2.10:5060"}, east: {sip: "udp:192.0.2.1:5061"}}
  media: {addresses: [192.0.2.1], ports: 20000-20031}
core:
  mode: embedded
  listen: east
  seam: ["udp:192.0.2.2:5070"]
  phones: ["udp:192.0.2.2:5080"]
  media: {addresses: [192.0.2.2], ports: 30000-30031}
trunks:
  docomo: {profile: docomo, role: mobile, listen: west, to: ["udp:198.51.100.1:5060"], media_prefixes: [198.51.100.1/32]}
  au: {profile: au, role: mobile, listen: west, to: ["udp:198.51.100.2:5060"], media_prefixes: [198.51.100.2/32]}
  softbank: {profile: softbank, role: mobile, listen: west, to: ["udp:198.51.100.3:5060"], media_prefixes: [198.51.100.3/32]}
  pstn: {profile: generic, role: pstn, listen: west, to: ["udp:203.0.113.1:5060"], media_prefixes: [203.0.113.1/32]}
tenants:
`

// drawn is what the directory of two tenants is drawn from: the octets that a script
// begins with. Whatever they are, the directory loads.
type drawn [14]byte

// The octets.
const (
	drawSettings = iota // pressed twice, called back, display, park
	drawCarriers        // two bits a carrier: how many mobiles; two of who has a number of its own
	drawPlain           // which mobiles have no features
	drawChannels        // of either tenant
	drawPhones          // how many of which kind, and what t2 is like
	drawGroup           // a group in four octets: settings, members, their delays, times
	_
	_
	_
	drawQueue // a call centre, likewise
	_
	_
	_
	drawMenu
)

// Where a group's octets are.
const (
	groupSettings = iota
	groupMembers
	groupDelays
	groupTimes
)

// usual is a directory of three mobiles, two phones, a group, a call centre and a
// menu, with settings by a number.
func usual(settings int) (d drawn) {
	bit := func(set bool, bit byte) byte {
		if set {
			return bit
		}
		return 0
	}
	n := byte(settings)
	d[drawSettings] = bit(n%4 == 1, 1) | bit(n%4 >= 2, 2) | 1<<4
	d[drawCarriers] = 1 | 1<<2 | 1<<4
	d[drawPlain] = bit(n%3 == 2, 2)
	d[drawChannels] = (1 + n%5) * 0x11
	d[drawPhones] = 2 | 2<<2 | bit(n%4 == 1, 1<<4) | bit(n%4 >= 2, 1<<5) | 2<<6
	d[drawGroup+groupSettings] = n%3 | bit(n/4%2 == 1, 4) | n%3<<3
	d[drawGroup+groupMembers], d[drawGroup+groupDelays] = 0b1111, 2<<4
	d[drawQueue+groupSettings] = n/3%3 | bit(n/8%2 == 1, 4) | n/2%3<<3 | bit(n%2 == 0, 1<<6)
	d[drawQueue+groupMembers], d[drawQueue+groupDelays] = 0b1110, 2<<4
	d[drawMenu] = 0b11 | 2<<5
	return d
}

// mobiles are how many a tenant has.
func (d drawn) mobiles(tenant int) int {
	if tenant == 1 {
		return 1 + int(d[drawPhones]>>6)%3
	}
	return max(1, len(d.carriers()))
}

// carriers are those of t1's mobiles.
func (d drawn) carriers() []string {
	var list []string
	for i, carrier := range []string{"docomo", "au", "softbank"} {
		for range d[drawCarriers] >> (2 * i) & 3 % 3 {
			list = append(list, carrier)
		}
	}
	return list
}

func (d drawn) phones() int { return int(d[drawPhones]&3) % 3 }

// channels is how many legs of mobiles a tenant may have.
func (d drawn) channels(tenant int) int { return 1 + int(d[drawChannels]>>(4*tenant)&7) }

// plain says that the mobile has no features; tenants are alike in it.
func (d drawn) plain(mobile int) bool { return d[drawPlain]>>mobile&1 != 0 }

// drawnMSISDN is the number of a mobile of t1 or t2, counted from 0.
func drawnMSISDN(tenant, mobile int) string { return fmt.Sprintf("0900000%d%03d", 2+tenant, mobile+1) }

// text writes the tenants, maybe without one of the mobiles.
func (d drawn) text(without string) string {
	var b strings.Builder
	for i := range 2 {
		w := drawing{drawn: d, Builder: &b, there: map[string]bool{}}
		w.tenant(i, without)
	}
	return b.String()
}

// drawing is a tenant while it is written.
type drawing struct {
	drawn
	*strings.Builder
	there map[string]bool // its extensions where somebody answers
}

func (w *drawing) line(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }

func (w *drawing) tenant(i int, without string) {
	twice, recall := w.flag(drawSettings, 0), w.flag(drawSettings, 1)
	if i == 1 {
		twice, recall = w.flag(drawPhones, 4), w.flag(drawPhones, 5)
	}
	shown := map[bool]string{false: "extension", true: "caller"}
	w.line("  t%d:\n    domain: t%d.example\n    default_number: \"030000%d100\"\n    outbound: [pstn]\n    channels: %d", i+1, i+1, i, w.channels(i))
	w.line("    display: {call_centre: %s, ring_group: %s}", shown[w.flag(drawSettings, 2)], shown[w.flag(drawSettings, 3)])
	w.line("    park: {first: 701, last: %d, timeout: %s}", 701+w.choice(drawSettings, 4, 4), []string{"300s", "10s", "60s", "20m"}[w.choice(drawSettings, 6, 4)])
	w.line("    features: {press_twice: %v, recall: %v}\n    mobiles:", twice, recall)
	carriers := append(w.carriers(), "docomo", "au", "softbank")
	for m := range w.mobiles(i) {
		e, own := fmt.Sprintf("200%d", m+1), ""
		if e == without && w.mobiles(i) > 1 {
			continue
		}
		if m == 1 && w.flag(drawCarriers, 6) {
			own = fmt.Sprintf(", number: \"030000%d101\"", i)
		}
		w.line("      %s: {msisdn: %q, carrier: %s, features: %v%s}", e, drawnMSISDN(i, m), carriers[m], !w.plain(m), own)
		w.there[e] = true
	}
	if i == 0 {
		w.others()
	}
	w.line("    numbers:\n      \"030000%d121\": %s\n      \"030000%d101\": %s", i, w.either("2001", "2002"), i, w.either("1001", "2001", "2002"))
	for _, e := range []string{"3701", "3801", "3901"} {
		if w.there[e] {
			w.line("      \"0300000%s\": %s", map[string]string{"3701": "137", "3801": "138", "3901": "139"}[e], e)
		}
	}
}

func (d drawn) flag(octet, bit int) bool { return d[octet]>>bit&1 != 0 }

// choice is one of n up to four, by two bits.
func (d drawn) choice(octet, shift, n int) int { return int(d[octet]>>shift&3) % n }

// either is the first extension of the list that there is.
func (w *drawing) either(list ...string) string {
	for _, e := range list {
		if w.there[e] {
			return e
		}
	}
	return ""
}

// others are the phones, groups and menus of t1.
func (w *drawing) others() {
	for p := range w.phones() {
		if p == 0 {
			w.line("    phones:")
		}
		own := ""
		if p == 0 && w.flag(drawCarriers, 7) {
			own = ", number: \"0300000121\""
		}
		kind := map[bool]string{false: "softphone", true: "desk"}[w.flag(drawPhones, 2+p)]
		w.line("      100%d: {kind: %s, contact: \"udp:%s\"%s}", p+1, kind, exchangePhone[p].Remote, own)
		w.there[fmt.Sprintf("100%d", p+1)] = true
	}
	group, queue := w.members(drawGroup), w.members(drawQueue)
	w.there["3701"], w.there["3801"] = group != "", queue != ""
	onward := w.choice(drawGroup+groupSettings, 6, 4)
	to := w.group("groups", "3701", group, drawGroup, [4]string{"", "1001", "2002", "3801"}[onward], []string{"60s", "1s", "20s", "300s"})
	back := [4]string{"", "3701", "1001", "2001"}
	if to == "3801" {
		back[1] = "2003" // overflows lead nowhere twice
	}
	w.group("call_centres", "3801", queue, drawQueue, back[w.choice(drawQueue+groupSettings, 6, 4)], []string{"300s", "10s", "60s", "120s"})
	w.menu()
}

// members are those of a group that there are.
func (w *drawing) members(octet int) string {
	var list []string
	for i, e := range []string{"2001", "1001", "2002", "2003", "1002", "2004", "2005", "2006"} {
		if !w.flag(octet+groupMembers, i) || !w.there[e] {
			continue
		}
		if after := [4]string{"", "1s", "10s", "60s"}[w.choice(octet+groupDelays, 2*(i%4), 4)]; after != "" {
			e = fmt.Sprintf("{ext: %s, after: %s}", e, after)
		}
		list = append(list, e)
	}
	return strings.Join(list, ", ")
}

// group writes one and returns where it overflows to.
func (w *drawing) group(kind, extension, members string, octet int, overflow string, timeouts []string) string {
	if members == "" {
		return ""
	}
	set, times := octet+groupSettings, octet+groupTimes
	unreached := []string{"queue", "next", "busy"}[w.choice(set, 3, 3)]
	w.line("    %s:\n      %s:\n        members: [%s]", kind, extension, members)
	w.line("        strategy: %s\n        accept: %s", []string{"all", "sequential", "rotate"}[w.choice(set, 0, 3)],
		map[bool]string{false: "answer", true: "key"}[w.flag(set, 2)])
	w.line("        timeout: %s\n        turn: %s", timeouts[w.choice(times, 0, 4)], []string{"15s", "3s", "30s", "60s"}[w.choice(times, 2, 4)])
	switch {
	case w.there[overflow]:
		w.line("        overflow: %s", overflow)
	case unreached == "next": // than which there is none
		overflow, unreached = "", "queue"
	default:
		overflow = ""
	}
	w.line("        unreached: %s", unreached)
	if w.flag(set, 5) {
		w.line("        number: \"0300000%s\"", map[string]string{"3701": "137", "3801": "138"}[extension])
	}
	return overflow
}

// menu is an IVR, where a key leads anywhere.
func (w *drawing) menu() {
	places := []string{"3801", "3701", "2001", "1001", "2002"}
	var options []string
	for i, e := range places {
		if w.flag(drawMenu, i) && w.there[e] {
			options = append(options, fmt.Sprintf("%q: %s", "1270*"[i:i+1], e))
		}
	}
	if len(options) == 0 {
		return
	}
	w.line("    ivrs:\n      3901:\n        options: {%s}", strings.Join(options, ", "))
	if e := [4]string{"", "3801", "1001", "2001"}[w.choice(drawMenu, 5, 4)]; w.there[e] {
		w.line("        otherwise: %s", e)
	}
	if w.flag(drawMenu, 7) {
		w.line("        timeout: 1s")
	}
	w.there["3901"] = true
}

// parsedDirectories are those that have been read, since most scripts have one of few.
var parsedDirectories = map[string][]feature.Tenant{}

// tenants reads the directory as a start of ours does.
func (d drawn) tenants(t testing.TB, without string) []feature.Tenant {
	t.Helper()
	name := string(d[:]) + without
	if list, ok := parsedDirectories[name]; ok {
		return list
	}
	text := directoryText + d.text(without)
	c, err := config.Parse("drawn", []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if len(parsedDirectories) > 100 {
		clear(parsedDirectories)
	}
	parsedDirectories[name] = node.Directory(c, nil)
	return parsedDirectories[name]
}

// Whatever the octets are, the directory loads, with each of the mobiles gone too.
func TestDrawnDirectoriesLoad(t *testing.T) {
	source := rand.New(rand.NewPCG(7, 8))
	for range 20 {
		var d drawn
		for i := range d {
			d[i] = byte(source.Uint32())
		}
		tenants := d.tenants(t, []string{"", "2001", "2002", "2003"}[source.IntN(4)])
		if len(tenants) != 2 || len(tenants[0].Mobiles) == 0 || tenants[0].Channels != d.channels(0) || len(tenants[0].Phones) != d.phones() {
			t.Fatalf("%x: %+v", d, tenants)
		}
	}
}

func BenchmarkDirectory(b *testing.B) {
	for i := range b.N {
		d := usual(i)
		clear(parsedDirectories)
		d.tenants(b, "")
	}
}
