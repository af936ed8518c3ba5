package fuzz

import "slices"

// to is a call of a neighbour's as an octet behind actCall.
func to(peer int, number string) byte {
	return byte(peer) | byte(slices.Index(dialled(peer), number))<<numberShift
}

// callScripts are the ladders that every call may go through, as scripts.
func callScripts() [][]byte {
	inward, outward, public := to(docomo, "82002"), to(core, "09000002002"), to(core, "0300009009")
	ring, early, answer, busy, failure := byte(1), byte(2), byte(3), byte(4), byte(6)
	other := byte(1 << 4) // the other branch
	brief, second, long, setup := byte(1), byte(3), byte(6), byte(7)
	talking := []byte{actCall, inward, actAnswer, 0, actAnswer, ring, actPass, brief, actAnswer, answer, actPass, brief}
	with := func(more ...byte) []byte { return append(slices.Clone(talking), more...) }
	scripts := [][]byte{
		with(actBye, 0),
		with(actBye, 1),
		with(actBye, 0, actBye, 1),
		with(actTalk, 0, actPass, 0, actTalk, 0, actPass, second, actTalk, 1, actTalk, 4, actBye, 0),
		with(actReoffer, 1<<2, actPass, brief, actReoffer, 0, actBye, 0),       // hold and resume by the core
		with(actReoffer, 1|1<<2, actPass, second, actReoffer, 1, actBye, 1),    // and by the carrier
		with(actReoffer, 3<<2, actReoffer, 1|7<<2, actReoffer, noOffer),        // at an address that is not its own
		with(actSilence, 31, actReoffer, 1<<2, actReoffer, 1|1<<2, actPass, 5), // glare, and no answer
		with(actSilence, 31, actReoffer, 1<<2, actSettle, 1<<3, actSettle, 0),
		with(actForge, 4<<2, actForge, 1<<2, actForge, 1|2<<2|3<<5, actForge, 4<<2|1<<5, actBye, 0),
		with(actAnswer, answer|other, actAnswer, answer, actPass, second), // two branches answer
		with(actRepeat, 0, actRepeat, 1, actRepeat, 2, actBye, 0, actRepeat, 0),
		with(actUnreachable, core, actPass, brief, actUnreachable, docomo),
		{actCall, inward, actAnswer, early, actPass, brief, actAnswer, early | other, actAnswer, answer | other, actAnswer, answer, actPass, long},
		{actCall, inward, actAnswer, ring, actCancel, 0, actAnswer, answer},
		{actCall, inward, actAnswer, ring, actSilence, 31, actCancel, 0, actAnswer, answer, actPass, long}, // CANCEL meets 200
		{actCall, inward, actCancel, 0, actPass, second},
		{actCall, inward, actPass, long}, // the core says nothing
		{actCall, inward, actAnswer, ring, actPass, setup},
		{actCall, inward, actAnswer, busy, actPass, long},
		{actCall, inward, actAnswer, 6, actPass, long},
		{actCall, inward, actAnswer, 8, actPass, brief, actMedia, 0, actMedia, 3, actPass, second},
		{actSilence, 31, actCall, inward, actAnswer, answer, actPass, long}, // no ACK
		{actHold, 0, actCall, inward, actPass, second, actHold, 0, actAnswer, ring, actAnswer, answer},
		{actCall, outward, actAnswer, ring, actAnswer, answer, actPass, brief, actBye, 1},
		{actCall, outward, actAnswer, busy},
		{actCall, outward | noOffer, actAnswer, answer, actBye, 0},
		{actCall, outward, actPass, 5},
		{actCall, public, actAnswer, ring, actAnswer, failure, actPass, brief, actAnswer, ring, actAnswer, answer, actPass, brief, actBye, 1}, // another peer takes it
		{actCall, public, actAnswer, early, actAnswer, failure, actAnswer, early, actTalk, 4, actAnswer, answer, actPass, brief, actBye, 0},
		{actCall, public, actPass, second, actAnswer, answer, actPass, brief, actAnswer, answer | 1<<5, actPass, long}, // and the first after all
		{actCall, public, actPass, second, actCancel, 0, actAnswer, ring, actAnswer, ring | 1<<5, actPass, long},
		{actCall, public, actAnswer, failure, actAnswer, failure, actCall, public, actPass, long}, // both ask for a pause
		{actCall, public, actCall, public, actCall, public, actPass, second, actCall, public, actPass, long},
		{actCall, public, actUnreachable, pstn, actAnswer, answer, actBye, 0},
		{actCall, inward | noOffer, actAnswer, answer, actPass, brief},
		{actHold, 0, actCall, inward, actCancel, 0, actAnswer, ring}, // CANCEL comes first
		{actCall, inward | oddOffer, actCall, inward | oddOffer | 1<<7},
		{actCall, inward, actCall, inward, actCall, to(core, "09000002001"), actCall, inward, actCall, to(docomo, "8119"), actPass, long}, // the limit
		with(actAsk, 0, actAsk, 1<<2, actAsk, 2<<2, actAsk, 3<<2, actAsk, 1|1<<2, actAsk, 1|0<<2, actBye, 0),
		with(actAsk, 12<<2, actAsk, 13<<2, actAsk, 14<<2, actAsk, 15<<2, actAsk, 1|12<<2, actBye, 1),
		with(actAsk, 1|4<<2, actAsk, 1|4<<2, actAnswer, ring, actPass, brief, actAnswer, answer, actPass, brief, actBye, 0), // consumed
		with(actAsk, 1|4<<2, actAnswer, busy, actPass, brief, actAsk, 1|4<<2, actBye, 2, actPass, brief, actAnswer, answer, actPass, second, actBye, 0),
		with(actAsk, 1|4<<2, actBye, 1, actPass, brief, actAnswer, busy, actPass, second),
		with(actAsk, 1|4<<2, actPass, setup, actBye, 0),
		with(actAsk, 5<<2, actAnswer, answer, actPass, brief, actAsk, 1|4<<2, actBye, 0),
		with(actAsk, 1|6<<2, actAsk, 1|7<<2, actAsk, 1|8<<2, actAsk, 1|9<<2, actAsk, 6<<2, actBye, 1),
		with(actSilence, 31, actAsk, 0, actAsk, 1|4<<2, actPass, long),
		{actCall, to(au, "82001"), actAnswer, answer, actPass, brief, actAsk, 1 | 4<<2, actAsk, 10 << 2, actAsk, 11 << 2, actAsk, 0, actAsk, 1, actBye, 1},
		{actCall, public, actAnswer, 8, actPass, brief, actAnswer, ring, actAnswer, answer, actPass, brief, actBye, 0},
		{actCall, public, actAnswer, 8, actAnswer, 8, actAnswer, 8, actPass, second},
		{actCall, public, actAnswer, failure, actAnswer, 8, actAnswer, answer, actPass, brief, actAsk, 4 << 2, actAsk, 1 | 4<<2, actBye, 1},
		{actJunk, 0, actJunk, 4, actJunk, 8, actJunk, 12, actJunk, 16, actJunk, 20, actJunk, 24, actJunk, 28},
		{actCall, inward, actJunk, 32, actJunk, 36, actJunk, 40, actJunk, 44, actJunk, 48, actJunk, 52, actJunk, 56, actJunk, 60},
	}
	scripts = append(scripts, reliableScripts(inward, outward, public)...)
	scripts = append(scripts, oddScripts(inward, outward, public)...)
	scripts = append(scripts, drainScripts(inward, outward, public)...)
	for peer := range refusals {
		for i := range dialled(peer) {
			scripts = append(scripts, []byte{actCall, byte(peer) | byte(i)<<numberShift, actPass, long})
		}
	}
	var crowd []byte // more than there are ports for
	for range 10 {
		crowd = append(crowd, actCall, to(au, "82001"), actAnswer, ring)
	}
	return append(scripts, append(crowd, actPass, second))
}

// limited is the trunk with a limit of calls, and that limit.
const limited, limit = docomo, 3

// refusals are the reasons for which a number is refused, by who calls it; the
// empty reason passes. They are SPEC's rules R2, R10, R11, R51 and R60, in the
// words of the records.
var refusals = [4]map[string]string{
	docomo: {"82002": "", "2002": "no_prefix", "8119": "emergency", "80": "too_short", "801012025550123": "no_international", "81105": "", "80300009001": "", "110": "emergency"},
	au:     {"82001": "", "2001": "no_prefix", "8119": "emergency", "80": "too_short", "81105": "emergency_like", "81001": "ext1000", "80300009001": "", "110": "emergency"},
	pstn:   {"0300000121": "", "0300000100": "unassigned", "0300009009": "unassigned", "110": "emergency", "2001": "unassigned"},
	core:   {"09000002001": "", "09000002002": "", "0300009009": "", "110": "emergency", "2001": "unassigned", "+12025550123": "no_international"},
}

// dialled are the keys of refusals in an order.
func dialled(peer int) []string {
	var list []string
	for n := range refusals[peer] {
		list = append(list, n)
	}
	slices.Sort(list)
	return list
}

// place is the trunk whose place a call takes.
func (a *attempt) place() int {
	switch {
	case a.peer != core:
		return a.peer
	case a.to == "09000002001":
		return docomo
	case a.to == "09000002002":
		return au
	}
	return pstn
}
