//go:build !linux || !(amd64 || arm64)

package main

import (
	"context"
	"errors"
	"net/netip"
)

// spray is Linux's.
type spray struct {
	arsenal                        []junk
	sent, refused, heard, heardOct uint64
}

func newSpray(netip.AddrPort, []netip.Addr, int, []netip.AddrPort) (*spray, error) {
	return nil, errors.ErrUnsupported
}

func (*spray) close() {}

func (*spray) run(context.Context, int) error { return errors.ErrUnsupported }
