package config

import _ "embed"

//go:embed sample.yaml
var sample string

// Sample returns the reference configuration: every key, runnable on loopback.
func Sample() []byte { return []byte(sample) }
