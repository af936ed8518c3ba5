package engine

import "sekisho/media/port"

// Stats are an engine's figures, summed over its workers.
type Stats struct {
	Counts
	Ports port.Counts
}

func (s *Stats) add(c Counts) {
	s.Received += c.Received
	s.Sent += c.Sent
	s.Reports += c.Reports
	s.Failed += c.Failed
	s.Players += c.Players
	s.Leased += c.Leased
	s.Restarted += c.Restarted
	s.Panics += c.Panics
	for i, n := range c.Dropped {
		s.Dropped[i] += n
	}
}
