package header

// Limits bound what one message may cost. Zero means the stated default.
type Limits struct {
	Bytes     int // of the whole message; 65,535
	HeadBytes int // of start line and headers; 16,384
	Lines     int // header lines; 128
	Values    int // comma-separated values in one Via, Contact or Route line; 70
	Params    int // parameters of one value or URI; 64
}

// The message library keeps parameters in a list and looks through all of it
// for each one it adds, so their number, not only their octets, needs a bound.
func (l Limits) filled() Limits {
	fill := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	fill(&l.Bytes, 65535)
	fill(&l.HeadBytes, 16384)
	fill(&l.Lines, 128)
	fill(&l.Values, 70)
	fill(&l.Params, 64)
	return l
}
