package policy

import "strings"

// roams refuses a mobile that says it is abroad (R9). A carrier that does not
// say leaves it undetected.
func (d *decision) roams() bool {
	for _, said := range [2]struct{ header, value string }{
		{"P-Access-Network-Info", d.request.AccessNetwork},
		{"P-Visited-Network-ID", d.request.VisitedNetwork},
	} {
		if country := abroad(said.value); country != "" {
			d.note("R9", said.header, country, "abroad")
			d.refuse(Roaming)
			return true
		}
	}
	return false
}

// abroad returns the first mobile country code in a list of network
// identifiers that is not Japan's, or "". One value of several is enough: the
// handset's cell and the network's own word stand side by side.
func abroad(list string) string {
	for list != "" {
		var value string
		value, list = cutUnquoted(list, ',')
		for value != "" {
			var piece string
			piece, value = cutUnquoted(value, ';')
			code := countryOf(piece)
			if code != "" && code != "440" && code != "441" { // ITU-T E.212: Japan has both
				return code
			}
		}
	}
	return ""
}

// countryOf reads one parameter of P-Access-Network-Info, "…-3gpp=440…" (TS
// 24.229 §7.2A.4), or one P-Visited-Network-ID: a domain with an mccXXX label
// (TS 23.003 §13.2) or a bare PLMN, 440-10.
func countryOf(piece string) string {
	if name, value, found := strings.Cut(piece, "="); found {
		const cell = "-3gpp"
		name = strings.TrimRight(name, " \t")
		if len(name) < len(cell) || !strings.EqualFold(name[len(name)-len(cell):], cell) {
			return ""
		}
		return leadingCode(strings.Trim(value, "\" \t"))
	}
	piece = strings.Trim(piece, "\" \t")
	if plmn(piece) {
		return piece[:3]
	}
	for piece != "" {
		var label string
		label, piece, _ = strings.Cut(piece, ".")
		if len(label) == 6 && strings.EqualFold(label[:3], "mcc") {
			return leadingCode(label[3:])
		}
	}
	return ""
}

// plmn reports a bare country and network code: 44010, 310-410, 440/10.
func plmn(s string) bool {
	if leadingCode(s) == "" {
		return false
	}
	network := strings.TrimLeft(s[3:], "-/ ")
	return len(s)-3-len(network) <= 1 && (len(network) == 2 || len(network) == 3) && strings.Trim(network, "0123456789") == ""
}

func leadingCode(s string) string {
	if len(s) < 3 || strings.Trim(s[:3], "0123456789") != "" {
		return ""
	}
	return s[:3]
}

// cutUnquoted cuts s at the first separator that stands outside quotes.
func cutUnquoted(s string, separator byte) (before, after string) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == separator && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}
