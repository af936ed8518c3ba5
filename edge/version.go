package main

import (
	"fmt"
	"io"
	"runtime/debug"
)

// versionCommand prints what was built: module version or revision, and the Go
// release.
func versionCommand(args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		fmt.Fprintln(stderr, "usage: sekisho version")
		return 2
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		fmt.Fprintln(stdout, "sekisho, built without module information")
		return 0
	}
	version := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && (version == "" || version == "(devel)") {
			version = s.Value
		}
	}
	fmt.Fprintln(stdout, "sekisho", version, info.GoVersion)
	return 0
}
