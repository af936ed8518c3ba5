package quality

// Reception is what a report block says of a stream (RFC 3550 §6.4.1).
type Reception struct {
	Fraction uint8 // lost since the last report, of 256
	Lost     int32 // since the segment began, 24 bits signed
	Highest  uint32
	Jitter   uint32 // clock units
}

// priorReport is where the last report ended (RFC 3550 A.3).
type priorReport struct {
	expected int64
	received uint32
}

// Report returns what a report block says, and begins the next interval. ok is
// false when nothing has come since the last one: no block is sent then
// (RFC 3550 §6.4).
func (s *Stream) Report() (r Reception, ok bool) {
	if !s.started || s.received == s.prior.received {
		return Reception{}, false
	}
	expected := s.highest() - s.baseSeq + 1
	interval := expected - s.prior.expected
	lost := interval - int64(s.received-s.prior.received)
	s.prior = priorReport{expected, s.received}
	if interval > 0 && lost > 0 {
		r.Fraction = uint8(min(lost<<8/interval, 255))
	}
	const most, least = 1<<23 - 1, -1 << 23
	r.Lost = int32(min(max(expected-int64(s.received), least), most))
	r.Highest, r.Jitter = s.ExtendedHighest(), s.timing.jitter>>4
	return r, true
}
