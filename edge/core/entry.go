package core

// entry is a number that is being keyed in behind * or #, as plain data: the
// states COLLECT_ATT and COLLECT_BLIND of SPEC §2.5.
type entry struct {
	Code   byte // '*' or '#'
	Digits string
}

// verdict is what an entry has come to.
type verdict uint8

const (
	more   verdict = iota // another key may come
	cancel                // back to the call
	unsaid                // nothing was keyed in in time
	dialHold
	dialPark
	dialNumber
)

// mostDigits is longer than any number (010, a country and its number).
const mostDigits = 24

// press takes a key. A second * or # with nothing keyed in is the way back
// (SPEC R43), and so is * at any time.
func (e *entry) press(key byte) verdict {
	switch {
	case key == '*', key == '#' && e.Digits == "":
		return cancel
	case key == '#':
		return e.dialled()
	case key < '0' || key > '9':
		return more // A to D are on no mobile
	}
	e.Digits += string(key)
	switch {
	case e.Code == '#' && e.Digits == "700":
		return dialPark // at once: no number begins with 7 (SPEC R62)
	case len(e.Digits) == mostDigits:
		return dialNumber
	}
	return more
}

// elapsed says that no key came in time.
func (e *entry) elapsed() verdict {
	if e.Digits == "" {
		return unsaid
	}
	return e.dialled()
}

// dialled tells hold from a number: 0 alone (SPEC §0, finding 2).
func (e *entry) dialled() verdict {
	if e.Code == '*' && e.Digits == "0" {
		return dialHold
	}
	return dialNumber
}
