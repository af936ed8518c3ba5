package number

import (
	"errors"
	"strings"
)

// Emergency reports whether the dial string asks for 110, 118 or 119 in any
// spelling that reaches this service: with or without the 8, with 184 or 186,
// as +81…. It is anchored: 0118111234 (Sapporo) is an ordinary number.
func (d Dialled) Emergency() (Number, bool) {
	if n, ok := d.emergency(); ok {
		return n, true
	}
	if rest, ok := d.CutService(); ok {
		return rest.emergency()
	}
	return Number{}, false
}

func (d Dialled) emergency() (Number, bool) {
	_, rest := d.CutCLIR()
	if len(rest) < 3 || !isEmergency(string(rest[len(rest)-3:])) {
		return Number{}, false
	}
	abroad := strings.HasPrefix(string(rest), "+") || strings.HasPrefix(string(rest), internationalPrefix)
	if len(rest) != 3 && !abroad {
		return Number{}, false
	}
	n := rest.Number()
	return n, n.class == Emergency
}

// Emergency reports whether the user part asks for 110, 118 or 119, also in
// spellings that reach no number otherwise: full-width digits, blanks between
// digits, the # of a send key behind them. It is for refusing: whoever dials
// like that must hear what to do, not that the number is unassigned.
func (u URIUser) Emergency() (Number, bool) {
	d, err := u.Dialled()
	if err == nil {
		if n, ok := d.Emergency(); ok || !strings.HasSuffix(string(d), "#") {
			return n, ok
		}
	}
	if errors.Is(err, ErrContext) || errors.Is(err, ErrTooLong) {
		return Number{}, false
	}
	raw, own, _ := strings.Cut(u.User, ";")
	text, err := unescape(raw)
	if err != nil || len(text) > 4*MaxDigits {
		return Number{}, false
	}
	text = strings.TrimRight(strings.Map(asDialled, text), "#")
	d, err = URIUser{User: text + ";" + own, Params: u.Params}.Dialled()
	if err != nil {
		return Number{}, false
	}
	return d.Emergency()
}

// asDialled turns a full-width key into the key and drops blanks and dashes.
func asDialled(r rune) rune {
	const fullWidth = '＋' - '+'
	switch r {
	case '＊', '＃', '＋':
		return r - fullWidth
	case ' ', '\t', '\u00a0', '　', '－', 'ー', '‐', '‑', '–', '−':
		return -1
	}
	if '０' <= r && r <= '９' {
		return r - fullWidth
	}
	return r
}
