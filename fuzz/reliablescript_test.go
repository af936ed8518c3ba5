package fuzz

// reliableScripts are seeds with reliable provisional responses and UPDATE: what a
// call inward, outward and to the public network is placed by.
func reliableScripts(inward, outward, public byte) [][]byte {
	ring, early, answer, busy := byte(1), byte(2), byte(3), byte(4)
	knows, requires, updates := byte(1), byte(2), byte(4)
	other, silently, described, again, far := byte(1<<2), byte(1<<3), byte(1<<4), byte(2<<5), byte(3<<5)
	brief, second, long := byte(1), byte(3), byte(6)
	return [][]byte{
		{actReliable, requires | updates, actCall, inward, actAnswer, ring, actAnswer, early, actPass, brief, actAnswer, answer, actPass, brief, actBye, 0},
		{actReliable, requires, actSilence, 1, actCall, inward, actAnswer, early, actAnswer, answer, actPass, second, actPass, long}, // no PRACK
		{actReliable, requires, actSilence, 1, actCall, inward, actAnswer, early, actAnswer, answer, actPass, second, actCancel, 0},
		{actReliable, requires, actSilence, 1, actCall, inward, actAnswer, early, actPrack, 1 << 3, actBye, 0, actPass, long},
		{actReliable, requires, actSilence, 1, actCall, inward, actAnswer, early, actPrack, 0, actAnswer, ring, actAnswer, busy},
		{actReliable, knows, actCall, inward | noOffer, actAnswer, early, actPass, brief, actAnswer, answer, actPass, brief, actUpdate, 0},
		{actReliable, knows, actSilence, 1, actCall, inward | noOffer, actAnswer, early, actPass, brief, actUpdate, 0, actAnswer, answer, actPass, long},
		{actReliable, requires, actCall, inward, actAnswer, early, actPrack, 1 << 2, actPrack, 1<<2 | 1<<3, actAnswer, answer},
		{actReliable, requires, actSilence, 1, actCall, inward, actAnswer, early, actPass, brief, actUpdate, 1, actPass, brief, actAnswer, answer},
		{actReliable, requires, actCall, inward, actAnswer, early, actUpdate, 1 | 1<<3, actUpdate, 1, actUpdate, 1 | 3<<3, actUpdate, 1 | noOffer, actAnswer, answer, actUpdate, 1, actUpdate, 1 | 1<<3, actPass, brief, actBye, 0},
		{actCall, outward, actProgress, 0, actProgress, described, actProgress, again, actProgress, far, actProgress, described | other, actProgress, silently | other, actAnswer, answer, actPass, brief, actBye, 1},
		{actCall, outward, actProgress, described, actUpdate, 0, actUpdate, 1 << 3, actUpdate, 3 << 3, actUpdate, other, actAnswer, answer, actUpdate, 0, actPass, second},
		{actCall, outward, actProgress, 0, actUpdate, 0, actUpdate, noOffer, actProgress, described, actCancel, 1, actUpdate, 0, actAnswer, answer, actPass, long},
		{actReliable, requires | updates, actCall, outward, actProgress, described, actUpdate, 1 | 1<<3, actPass, brief, actUpdate, 1, actSilence, 31, actUpdate, 1 | 1<<3, actUpdate, 0, actAnswer, answer, actPass, 5},
		{actReliable, requires | updates, actCall, public, actProgress, described, actAnswer, 6, actProgress, described, actUpdate, 1 | 1<<3, actAnswer, answer, actPass, brief, actBye, 0},
		{actReliable, knows | updates, actCall, inward, actAnswer, ring, actAnswer, answer, actPass, brief, actReoffer, 1 << 2, actUpdate, 1, actReoffer, 1, actSilence, 31, actUpdate, 0, actReoffer, 1 << 2, actUpdate, 1, actUpdate, 0},
		{actReliable, requires, actSilence, 1, actCall, inward, actAnswer, ring, actPrack, 1 << 2, actPass, brief, actAnswer, answer, actPass, long},
		{actCall, inward, actAnswer, ring, actUpdate, 1, actAnswer, early, actUpdate, 1, actAnswer, answer, actUpdate, 1 | noOffer},
		{actReliable, requires, actCall, 0 | 4<<numberShift, actPass, long}, // an announcement
	}
}
