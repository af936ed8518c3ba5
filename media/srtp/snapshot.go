package srtp

// Snapshot is the state of a Sender or Receiver as plain data. A receiver's
// window is not in it: what is restored takes nothing that is not newer than
// what came before.
type Snapshot struct {
	Key Key
	// Next is the key that a receiver waits for; zero if none.
	Next Key
	// SSRC, ROC and Seq are those of the newest packet; Control is the newest
	// index of SRTCP. Begun is false while there was no RTP.
	SSRC    uint32
	ROC     uint32
	Seq     uint16
	Control uint32
	Known   bool // SSRC
	Begun   bool
}

// Snapshot returns the sender's state.
func (s *Sender) Snapshot() Snapshot { return s.stream.save(Snapshot{Key: s.key}) }

// Snapshot returns the receiver's state.
func (r *Receiver) Snapshot() Snapshot {
	saved := Snapshot{Key: r.current.key}
	if r.next[0] != nil {
		saved.Next = r.next[0].key
	}
	return r.current.newest.save(saved)
}

func (s *stream) save(into Snapshot) Snapshot {
	into.SSRC, into.Known, into.Begun = s.ssrc, s.known, s.begun
	into.ROC, into.Seq, into.Control = uint32(s.index>>16), uint16(s.index), s.control
	return into
}

func (s Snapshot) stream() stream {
	return stream{
		ssrc: s.SSRC, known: s.Known, begun: s.Begun,
		index: uint64(s.ROC)<<16 | uint64(s.Seq), control: s.Control,
	}
}

// RestoreSender returns a sender that goes on behind s. No index up to the
// saved one is used again.
func RestoreSender(s Snapshot) (*Sender, error) {
	made, err := NewSender(s.Key)
	if err != nil {
		return nil, err
	}
	made.stream = s.stream()
	made.seen = ^window(0)
	if s.Known {
		made.context.SetIndex(s.SSRC, s.Control)
	}
	return made, nil
}

// RestoreReceiver returns a receiver that goes on behind s.
func RestoreReceiver(s Snapshot) (*Receiver, error) {
	made, err := NewReceiver(s.Key)
	if err != nil {
		return nil, err
	}
	c := made.current
	c.newest = s.stream()
	c.resume = resume{
		ssrc: s.SSRC, from: c.newest.index, pending: s.Begun, floored: s.Begun, control: s.Control,
	}
	if s.Next.IsZero() {
		return made, nil
	}
	return made, made.Rekey(s.Next)
}
