package quality

// minGap is Gmin of RFC 3611 §4.7.2: so many packets received in a row end a
// burst.
const minGap = 16

// losses are the packets that are decided, as RFC 3611 §4.7.2 parts them. A
// burst begins and ends with a lost packet and holds no minGap packets received
// in a row; a loss with as many received on both sides is alone, and belongs to
// a gap.
type losses struct {
	packets, lost  uint64 // decided; lost for good
	runs           uint64 // of losses one behind the other
	bursts         uint64 // ended ones of two losses or more
	burstPackets   uint64 // in them, from the first loss to the last
	burstLost      uint64
	longest        uint64 // burst, in packets
	since          uint64 // packets received since the last loss
	open, openLost uint64 // the burst that may yet go on, in packets
}

func (l *losses) receive() {
	l.packets++
	l.since++
}

func (l *losses) lose() {
	l.packets++
	l.lost++
	if l.since > 0 || l.lost == 1 {
		l.runs++
	}
	if l.openLost > 0 && l.since < minGap {
		l.open += l.since + 1
		l.openLost++
	} else {
		l.end()
		l.open, l.openLost = 1, 1
	}
	l.since = 0
}

// end closes the burst that is open.
func (l *losses) end() {
	if l.openLost > 1 {
		l.bursts++
		l.burstPackets += l.open
		l.burstLost += l.openLost
		l.longest = max(l.longest, l.open)
	}
	l.open, l.openLost = 0, 0
}

// cut ends a segment: what follows is no continuation.
func (l *losses) cut() {
	l.end()
	if l.lost > 0 {
		l.since = max(l.since, 1)
	}
}

// Bursts sums what RFC 3611 §4.7.2 tells of losses.
type Bursts struct {
	// Count is of bursts, Packets how long they were together and Longest the
	// longest of them, in packets, lost ones and those between.
	Count, Packets, Longest uint64
	// Lost is how many packets of the bursts were lost; all other losses are in
	// gaps, whose packets are all others.
	Lost, GapLost, GapPackets uint64
	// Runs is how often one packet or several in a row were lost.
	Runs uint64
}

// Density is the share of lost packets within bursts, 0 to 1.
func (b *Bursts) Density() float64 { return share(b.Lost, b.Packets) }

// GapDensity is the share of lost packets between bursts, 0 to 1.
func (b *Bursts) GapDensity() float64 { return share(b.GapLost, b.GapPackets) }

func share(part, whole uint64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

func (l losses) bursts3611() Bursts {
	l.end()
	return Bursts{
		Count: l.bursts, Packets: l.burstPackets, Longest: l.longest, Lost: l.burstLost,
		GapLost: l.lost - l.burstLost, GapPackets: l.packets - l.burstPackets, Runs: l.runs,
	}
}
