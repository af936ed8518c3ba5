package provision

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"

	"sekisho/edge/config"
	"sekisho/policy/number"
)

// Contact is one entry of a tenant's phone book, with each of its numbers as a
// mobile dials it and is shown it, and as it is written elsewhere.
type Contact struct {
	Name, Kind string
	Extension  number.ExtensionNumber
	// Number is its own public number, Mobile the mobile's: dialled without
	// the 8, a call that leaves the service. Zero is none.
	Number, Mobile number.Number
}

// Contacts lists what can be called of a tenant, by extension.
func Contacts(t *config.Tenant) []Contact {
	var list []Contact
	rings := map[number.ExtensionNumber]number.Number{}
	for _, d := range t.Numbers {
		if _, taken := rings[d.Extension]; !taken {
			rings[d.Extension] = d.Number
		}
	}
	add := func(name, kind string, e number.ExtensionNumber, msisdn number.Number) {
		if name == "" {
			name = string(e)
		}
		list = append(list, Contact{name, kind, e, rings[e], msisdn})
	}
	for _, m := range t.Mobiles {
		add(m.Name, "mobile", m.Extension, m.MSISDN)
	}
	for _, p := range t.Phones {
		add(p.Name, [...]string{config.Softphone: "softphone", config.Desk: "desk"}[p.Kind], p.Extension, number.Number{})
	}
	for _, g := range t.Groups {
		add(g.Name, "group", g.Extension, number.Number{})
	}
	for _, cc := range t.CallCentres {
		add(cc.Name, "call centre", cc.Extension, number.Number{})
	}
	for _, i := range t.IVRs {
		add(i.Name, "IVR", i.Extension, number.Number{})
	}
	slices.SortFunc(list, func(a, b Contact) int { return strings.Compare(string(a.Extension), string(b.Extension)) })
	return list
}

// through is a number with the 8 in front: what a mobile dials, and is shown
// when a call comes from there (SPEC R20).
func through(n number.Number) string {
	if n.IsZero() {
		return ""
	}
	return string(n.Through())
}

func plain(n number.Number) string {
	if n.IsZero() {
		return ""
	}
	return n.National()
}

// WriteCSV writes a phone book as RFC 4180 says, in UTF-8 and with a line of
// headings. A name that a spreadsheet would take for a formula gets an
// apostrophe in front.
func WriteCSV(w io.Writer, contacts []Contact) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	rows := [][]string{{"name", "kind", "from a mobile", "extension", "number from a mobile", "number", "mobile number"}}
	for _, c := range contacts {
		rows = append(rows, []string{
			cell(c.Name), c.Kind, through(c.Extension.Number()), string(c.Extension), through(c.Number), plain(c.Number), plain(c.Mobile),
		})
	}
	return out.WriteAll(rows)
}

// cell keeps text from being a formula.
func cell(text string) string {
	if strings.HasPrefix(text, "=") || strings.HasPrefix(text, "+") || strings.HasPrefix(text, "-") || strings.HasPrefix(text, "@") {
		return "'" + text
	}
	return text
}

// WriteVCard writes a phone book as vCards of version 3.0 (RFC 2426), which
// handsets import. The number with the 8 is preferred, so that a call made from
// the entry is one of the service; the others are there to be recognised.
func WriteVCard(w io.Writer, organisation string, contacts []Contact) error {
	var s strings.Builder
	line := func(name, value string) { fold(&s, name+":"+value) }
	tel := func(kind, n string) {
		if n != "" {
			line("TEL;TYPE="+kind, n)
		}
	}
	for _, c := range contacts {
		line("BEGIN", "VCARD")
		line("VERSION", "3.0")
		line("FN", text(c.Name))
		line("N", text(c.Name)+";;;;")
		line("ORG", text(organisation))
		tel("WORK,VOICE,PREF", through(c.Extension.Number()))
		tel("WORK,VOICE", string(c.Extension))
		tel("WORK,VOICE", through(c.Number))
		tel("WORK,VOICE", plain(c.Number))
		tel("CELL", plain(c.Mobile))
		line("NOTE", text(c.Kind+" "+string(c.Extension)))
		line("END", "VCARD")
	}
	_, err := fmt.Fprint(w, s.String())
	return err
}

// text escapes a text value (RFC 2426 §5).
func text(v string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`).Replace(v)
}

// widest is how many octets a line may have, its end not counted
// (RFC 2426 §2.6).
const widest = 75

// fold writes a line, going on in the next where it is too long, never within a
// character.
func fold(s *strings.Builder, line string) {
	room := widest
	for _, r := range line {
		c := string(r)
		if len(c) > room {
			s.WriteString("\r\n ")
			room = widest - 1
		}
		s.WriteString(c)
		room -= len(c)
	}
	s.WriteString("\r\n")
}
