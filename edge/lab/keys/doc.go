// Package keys presses keys at random on a simulated line and judges what comes
// out behind the border's filter of pairs of stars (SPEC R53). It knows RTP and
// RFC 4733 for itself and shares nothing with the room it judges.
//
//	Draw ─▶ presses ─Style.Say─▶ packets ─Weather.Send─▶ arrivals ─Line.Run─▶ what leaves
//	                                                         └──── Judge ─────────┘
//
// A million sequences, in parts of which each begins with a seed of its own:
//
//	go test ./edge/lab/keys -run TestStars -timeout 0 -sequences 250000 -seed 1
//
// Judge tells what should be heard from when packets of each press arrived, by
// the rule and not by states: runs of stars with short gaps.
package keys
