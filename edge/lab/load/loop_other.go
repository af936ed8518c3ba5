//go:build !linux || !(amd64 || arm64)

package load

import (
	"errors"
	"fmt"
)

type loop struct{}

func newLoop(*Config, uint32, *Trial) (*loop, error) {
	return nil, fmt.Errorf("%w: the generator needs Linux on amd64 or arm64", errors.ErrUnsupported)
}

func (*loop) run() *Report { return nil }
