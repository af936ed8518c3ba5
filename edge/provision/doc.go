// Package provision tells the person who sets up a tenant what its directory
// means: the report of SPEC R76, and the phone book for handsets.
//
// A rule of the report is either shown by the file (ok, warn), broken by it
// (error, and then there is no configuration), or a matter that no file can
// show and somebody has to be asked (ask): contracts, voicemail, habits.
//
// What carriers refuse and replace is read from the effective profiles, so a
// trunk's override shows in the report.
package provision
