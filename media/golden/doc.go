// Package golden is one table of RTP packets: what comes in, from where and
// when, what the verdict is and which bytes go out. The relay is the reference
// and is tested with it; whatever else carries packets (a kernel program, a
// benchmark) reads the same rows and must be byte-equal or pass the packet up.
//
// Rows are written out by hand from the rules, never recorded from the relay.
//
// The captures under testdata were made for this project;
// Capture says what each contains.
package golden
