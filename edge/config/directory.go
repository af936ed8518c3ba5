package config

import (
	"strings"
	"time"
	"unicode"

	"sekisho/policy/document"
	"sekisho/policy/number"
	"sekisho/policy/profile"
)

func (r *tenantReading) numbers(m *document.MapReader) {
	for text, v := range m.Each() {
		n, ok := publicNumber(text, v)
		to := r.extensionNamed(v.Required(), r.extensions, "")
		if !ok {
			continue
		}
		if r.loader.numbers.take(n.String(), v) {
			r.owner[n] = len(r.c.Tenants)
		}
		r.dids[n] = true
		r.t.Numbers = append(r.t.Numbers, DID{Number: n, Extension: to})
	}
}

func (r *tenantReading) mobiles(m *document.MapReader) {
	for text, v := range m.Each() {
		e, ok := r.extension(text, v)
		if ok && !e.ForMobile() {
			v.Faultf("a mobile's extension is 2000 to 3999, whatever its carrier (R6)")
		}
		entry := v.Required().Map()
		p := MobilePhone{
			Extension: e,
			Name:      personName(entry.Key("name")),
			Carrier:   r.carrier(entry.Key("carrier").Required(), v),
			MSISDN:    r.msisdn(entry.Key("msisdn").Required()),
			Number:    r.ownNumber(entry.Key("number")),
			Plain:     !entry.Key("features").Bool(true),
		}
		r.phones[text], r.answering[text] = v, v
		r.pressTwice(p, v)
		r.t.Mobiles = append(r.t.Mobiles, p)
	}
}

// pressTwice warns of a mobile whose ** never arrives: its carrier's filter keeps
// it (R53).
func (r *tenantReading) pressTwice(p MobilePhone, v document.Value) {
	if r.t.Features.PressTwice && !p.Plain && p.Carrier == profile.SoftBank {
		v.Warnf("cannot use in-call features that are pressed twice: ** of a SoftBank mobile is kept from the core (R53)")
	}
}

// carrier reads the contract carrier. The number does not tell it (number
// portability), so it is always written.
func (r *tenantReading) carrier(v, mobile document.Value) profile.Carrier {
	text := v.String("")
	c := profile.Carrier(text)
	switch {
	case text == "":
		return c
	case !c.OfMobiles():
		v.Faultf("%q: only docomo, au and softbank corporate contracts are supported (R7)", text)
		return c
	}
	if _, ok := r.carriers[text]; !ok {
		r.carriers[text] = v
	}
	if c == profile.AU && !r.auMobile.Present() {
		r.auMobile = mobile
	}
	return c
}

func (r *tenantReading) msisdn(v document.Value) number.Number {
	text := v.String("")
	if text == "" {
		return number.Number{}
	}
	n, err := number.Parse(text)
	switch {
	case err != nil:
		v.Faultf("%v", err)
	case n.Class() != number.Mobile:
		v.Faultf("%s is no mobile number (060, 070, 080 or 090 and 8 digits)", n)
	default:
		r.msisdns.take(n.String(), v)
	}
	return n
}

func (r *tenantReading) phoneList(m *document.MapReader) {
	kinds := []string{"softphone", "desk"}
	for text, v := range m.Each() {
		e, _ := r.extension(text, v)
		entry := v.Required().Map()
		contact, password := entry.Key("contact"), entry.Key("password")
		p := Phone{
			Extension: e,
			Name:      personName(entry.Key("name")),
			Kind:      PhoneKind(index(entry.Key("kind").Required().Enum("softphone", kinds...), kinds)),
			Password:  password.Secret(),
			Number:    r.ownNumber(entry.Key("number")),
		}
		if at, ok := readPeer(contact); ok {
			p.Contact = at.addr
			r.reached = append(r.reached, target{at.addr, contact})
		}
		switch {
		case !v.Present() || v.Kind() != document.Map || contact.Written():
		case !password.Written():
			v.Faultf("needs a contact, or a password to register with")
		case r.c.Core.Mode == Embedded && len(r.c.Core.Registrar.From) == 0:
			v.Warnf("is never reached: no phone can register without core.registrar.from")
		}
		r.phones[text], r.answering[text] = v, v
		r.t.Phones = append(r.t.Phones, p)
	}
}

func (r *tenantReading) groups(m *document.MapReader) {
	for text, v := range m.Each() {
		e, _ := r.extension(text, v)
		entry := v.Required().Map()
		g := Group{
			Extension: e,
			Name:      personName(entry.Key("name")),
			Strategy:  readStrategy(entry.Key("strategy")),
			Members:   r.members(entry.Key("members").Required()),
			Timeout:   entry.Key("timeout").Duration(60*time.Second, time.Second, 10*time.Minute),
			Turn:      turn(entry.Key("turn")),
			Accept:    accept(entry.Key("accept")),
			Number:    r.ownNumber(entry.Key("number")),
		}
		r.answering[text] = v
		g.Overflow, g.Unreached = r.overflow(text, entry)
		r.t.Groups = append(r.t.Groups, g)
	}
}

func (r *tenantReading) ivrs(m *document.MapReader) {
	for text, v := range m.Each() {
		e, _ := r.extension(text, v)
		entry := v.Required().Map()
		i := IVR{
			Extension: e,
			Name:      personName(entry.Key("name")),
			Greeting:  entry.Key("greeting").String(""),
			Options:   r.options(entry.Key("options").Required()),
			Otherwise: r.extensionNamed(entry.Key("otherwise"), r.answering, chosen),
			Timeout:   entry.Key("timeout").Duration(10*time.Second, time.Second, time.Minute),
		}
		r.t.IVRs = append(r.t.IVRs, i)
	}
}

const chosen = "a mobile, a phone, a group or a call centre; IVRs do not nest"

// options reads keys and the extensions they lead to.
func (r *tenantReading) options(v document.Value) []Option {
	var list []Option
	for key, to := range v.Map().Each() {
		if len(key) != 1 || !strings.ContainsAny(key, "0123456789*#") {
			to.Faultf("%q is no key of a telephone", key)
			continue
		}
		list = append(list, Option{Key: key[0], To: r.extensionNamed(to.Required(), r.answering, chosen)})
	}
	if v.Present() && len(list) == 0 {
		v.Faultf("an IVR without keys leads nowhere")
	}
	return list
}

// turn is how long each member rings where they ring one by one.
func turn(v document.Value) time.Duration {
	return v.Duration(15*time.Second, 3*time.Second, 2*time.Minute)
}

// accept is how mobiles take a group's calls.
func accept(v document.Value) Accept {
	words := []string{"answer", "key"}
	return Accept(index(v.Enum("answer", words...), words))
}

// overflow reads where callers go that nobody of a group has answered, and what
// becomes of them when nobody can ring.
func (r *tenantReading) overflow(group string, entry *document.MapReader) (number.ExtensionNumber, Unreached) {
	to, words, key := entry.Key("overflow"), []string{"queue", "next", "busy"}, entry.Key("unreached")
	e := r.extensionNamed(to, r.answering, chosen)
	unreached := Unreached(index(key.Enum("queue", words...), words))
	switch {
	case e != "":
		r.overflows[group], r.overflowTo[group] = to, string(e)
	case unreached == GoToOverflow:
		key.Faultf("next is the overflow, and there is none")
	}
	return e, unreached
}

func (r *tenantReading) callCentres(m *document.MapReader) {
	for text, v := range m.Each() {
		e, _ := r.extension(text, v)
		entry := v.Required().Map()
		cc := CallCentre{
			Extension: e,
			Name:      personName(entry.Key("name")),
			Strategy:  readStrategy(entry.Key("strategy")),
			Members:   r.members(entry.Key("members").Required()),
			Music:     entry.Key("music").String("default"),
			Timeout:   entry.Key("timeout").Duration(5*time.Minute, time.Second, 4*time.Hour),
			Turn:      turn(entry.Key("turn")),
			Accept:    accept(entry.Key("accept")),
			Number:    r.ownNumber(entry.Key("number")),
		}
		r.answering[text] = v
		cc.Overflow, cc.Unreached = r.overflow(text, entry)
		r.t.CallCentres = append(r.t.CallCentres, cc)
	}
}

func readStrategy(v document.Value) Strategy {
	words := []string{"all", "sequential", "rotate"}
	return Strategy(index(v.Enum("all", words...), words))
}

// members reads extensions, or {ext: 2001, after: 10s}.
func (r *tenantReading) members(v document.Value) []Member {
	list := v.List()
	if v.Present() && len(list) == 0 {
		v.Faultf("a group without members rings nobody")
	}
	var members []Member
	seen := claims{}
	for _, item := range list {
		at, after := item, time.Duration(0)
		if item.Kind() == document.Map {
			at = item.Map().Key("ext").Required()
			after = item.Map().Key("after").Duration(0, 0, 5*time.Minute)
		}
		e := r.extensionNamed(at, r.phones, "a mobile or a phone; groups do not nest")
		if e == "" || !seen.take(string(e), at) {
			continue
		}
		members = append(members, Member{Extension: e, After: after})
	}
	return members
}

// extension takes the extension that is a key of the directory.
func (r *tenantReading) extension(text string, v document.Value) (number.ExtensionNumber, bool) {
	e, err := number.ParseExtension(text)
	if err != nil {
		v.Faultf("%v", err)
		return "", false
	}
	if e.EmergencyLike() {
		r.emergency = append(r.emergency, v)
	}
	return e, r.extensions.take(text, v)
}

// extensionNamed reads a reference to an extension, checked later to be among
// those of the given kind; empty when absent or wrong.
func (r *tenantReading) extensionNamed(v document.Value, among claims, what string) number.ExtensionNumber {
	text := v.String("")
	if text == "" {
		return ""
	}
	e, err := number.ParseExtension(text)
	if err != nil {
		v.Faultf("%v", err)
		return ""
	}
	r.named = append(r.named, naming{text, among, what, v})
	return e
}

// ownNumber reads a number that is shown outside, checked later to be one of
// the tenant's: showing another's misleads about the origin of the call.
func (r *tenantReading) ownNumber(v document.Value) number.Number {
	n := r.publicNumber(v)
	if !n.IsZero() {
		r.ownNumbers = append(r.ownNumbers, ownNumber{n, v})
	}
	return n
}

func (r *tenantReading) publicNumber(v document.Value) number.Number {
	text := v.String("")
	if text == "" {
		return number.Number{}
	}
	n, _ := publicNumber(text, v)
	return n
}

// publicNumber parses a number that the public network assigns to a line.
func publicNumber(text string, v document.Value) (number.Number, bool) {
	n, err := number.Parse(text)
	if err != nil {
		v.Faultf("%v", err)
		return number.Number{}, false
	}
	if !n.Class().Ordinary() {
		v.Faultf("%s is %s, not a number of the public network", n, strings.ReplaceAll(n.Class().String(), "_", " "))
		return number.Number{}, false
	}
	return n, true
}

// longestName is how long a name may be, in bytes.
const longestName = 80

// personName reads a name as people write it, in any script.
func personName(v document.Value) string {
	text := v.String("")
	switch {
	case len(text) > longestName:
		v.Faultf("a name has at most %d bytes", longestName)
	case strings.ContainsFunc(text, func(c rune) bool { return !unicode.IsPrint(c) && c != '\u3000' }):
		v.Faultf("a name is written in letters that show")
	}
	return text
}
