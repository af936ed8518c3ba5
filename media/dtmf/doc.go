// Package dtmf hears the keys of a telephone and says them again. Packets and
// arrival times go in, key presses and orders come out; it opens no socket,
// reads no clock and allocates nothing per packet.
//
//	packets ─Normaliser─▶ presses ─Stars─▶ orders ─Speaker─▶ frames
//
// A Normaliser makes key presses of the telephone-event packets of one stream
// (RFC 4733): each press begins once and ends once, whatever is lost, repeated,
// overtaken or stamped anew on the way. Stars holds back a star until it is known
// to be no pair (SPEC R53). A Speaker says what it is ordered to, one key after
// another, and leaves a press to its own packets where it can.
//
// An Ear hears keys as tones in the audio, where a trunk has no telephone-event;
// Tone writes them. What a telephone may do at its worst is heard (SPEC §6.2), and
// half an hour of speech and music is no key:
//
//	go test ./media/dtmf -run TestTalkOff -talk 30m
//
// What nobody can tell apart: a resumed call (*) and then a hold (*0), pressed
// within the gap, read as a pair and 0. The price of the filter is that a star
// alone is heard only when the gap is over, or at the next key.
package dtmf
