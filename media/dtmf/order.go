package dtmf

import "time"

// Order is what shall be said to the other side.
type Order struct {
	Op  Op
	Key Key
	// Spoken tells, of Begin, what the press is carried by.
	Spoken Spoken
	// Press names, of Begin by events, the press that the packets belong to.
	Press Ordinal
	// Length is, of Say and End, how long the key is to be heard.
	Length Millis
	// Apart is how long after the end of the same key, said last, this one may
	// begin.
	Apart Millis
}

// Ordinal names a press among those before and after it that are not withheld.
type Ordinal uint8

// Withheld is a press that is not for the other side.
const Withheld Ordinal = 0

// Next returns the ordinal of the press behind n.
func (n Ordinal) Next() Ordinal { return max(n+1, 1) }

// Spoken is what carries a press.
type Spoken uint8

// The values of Spoken.
const (
	// Silently carried presses have no packets that could be passed on: they are
	// tones in the audio, or SIP INFO.
	Silently Spoken = iota
	// ByEvents have telephone-event packets of their own.
	ByEvents
)

// Op is what an Order asks for.
type Op uint8

// The orders.
const (
	// Say says a whole key.
	Say Op = iota
	// Begin begins a key that ends with the next End.
	Begin
	// End ends what Begin began.
	End
)

// Millis is a length of time in milliseconds, at most 65.5 s.
type Millis uint16

// ToMillis rounds down, and to what Millis can hold.
func ToMillis(d time.Duration) Millis {
	return Millis(min(max(d.Milliseconds(), 0), 0xffff))
}

// Duration returns m as a time.Duration.
func (m Millis) Duration() time.Duration { return time.Duration(m) * time.Millisecond }

// Orders are those that one packet or one moment has led to. The zero Orders
// are none.
type Orders struct {
	list [4]Order
	n    uint8
}

// List returns the orders, the first first.
func (o *Orders) List() []Order { return o.list[:o.n] }

// None reports that there are none.
func (o *Orders) None() bool { return o.n == 0 }

// Add appends an order. One packet leads to four at most: the end of a press
// whose own end was lost, a star that was held back, and a press that begins and
// ends.
func (o *Orders) Add(a Order) {
	if int(o.n) < len(o.list) {
		o.list[o.n] = a
		o.n++
	}
}
