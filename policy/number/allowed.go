package number

// Allowed is what may be called beyond the ordinary classes: whole classes,
// and single special numbers 1XY. The zero Allowed allows nothing.
type Allowed struct {
	classes  uint32    // bit per Class
	specials [2]uint64 // bit per 1XY
}

// WithClass returns the set and all numbers of c.
func (a Allowed) WithClass(c Class) Allowed {
	a.classes |= 1 << c
	return a
}

// WithSpecial returns the set and one number of the class Special. 184 and 186
// stand in front of numbers and are none to call; they and numbers of any other
// class are refused with false.
func (a Allowed) WithSpecial(n Number) (Allowed, bool) {
	if n.class != Special || n.text == "184" || n.text == "186" {
		return a, false
	}
	word, bit := n.special()
	a.specials[word] |= bit
	return a, true
}

// Has reports whether n may be called.
func (a Allowed) Has(n Number) bool {
	if a.classes&(1<<n.class) != 0 {
		return true
	}
	if n.class != Special {
		return false
	}
	word, bit := n.special()
	return a.specials[word]&bit != 0
}

// special is the place of a number of that class among the hundred.
func (n Number) special() (word int, bit uint64) {
	i := int(n.text[1]-'0')*10 + int(n.text[2]-'0')
	return i / 64, 1 << (i % 64)
}
