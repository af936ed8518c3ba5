package e2e

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
)

// built is the product's binary, compiled once for all trials of a run into a
// folder that TestMain removes.
var built = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "sekisho-e2e-")
	if err != nil {
		return "", err
	}
	binaryFolder = folder
	return Build(context.Background(), folder)
})

var binaryFolder string

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(playRole(role))
	}
	status := m.Run()
	if binaryFolder != "" {
		if err := os.RemoveAll(binaryFolder); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	os.Exit(status)
}
