// Package profile holds a carrier's ways as data.
//
// A profile is one YAML file. Five are built in (docomo, au, softbank,
// generic, ntt-ngn); an operator may bring others, and a trunk may replace any
// single key of its profile by the key's dotted path. No code asks which carrier it talks to: it
// asks the profile what to do, and a carrier's quirk is a line in a file.
//
// Rules carry examples. A rule whose examples do not come out is a fault of
// the file, so a profile that could be read is one whose rules do what their
// author said, and Check runs the same examples again over a finished profile.
//
// The carriers' specifications are not public. What a profile only supposes is
// listed under assumed, key by key, to be confirmed in a trial with the
// carrier.
package profile
