// Package prompt holds what the media plane can play by itself:
// announcements, tones, hold music and silence, all as raw 8 kHz mono mu-law
// (ITU-T G.711), 8,000 octets a second.
//
// A clip has a key:
//
//   - an announcement's key is the stem of its file in audio/, in lower case:
//     "emergency", "ext1000", "digit_7". They are embedded in the binary, and
//     a folder of the operator's may replace them by file name (Load).
//   - "tone/ringback", "tone/busy" and "tone/dial" are the Japanese call
//     progress tones and loop without a seam; "tone/beep" asks for input;
//     "tone/silence" is one second of nothing.
//   - "music/hold" is the hold melody, which loops without a seam. A folder
//     may replace it, or add other music, in its subfolder music.
//
// A sentence with a number is a list of keys: "park_prefix", "digit_7",
// "digit_0", "digit_1", "park_suffix".
//
// A Set never changes once made, so any number of players may read it.
//
// The announcements were synthesised by gen/generate from gen/texts.tsv; the
// build needs neither. The voice's licence is in NOTICE at the project's top.
package prompt
