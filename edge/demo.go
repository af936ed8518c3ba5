package main

import "io"

func demoCommand(args []string, stdout, stderr io.Writer) int { return 1 }
