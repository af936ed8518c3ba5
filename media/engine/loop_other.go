//go:build !(linux && (amd64 || arm64))

package engine

import (
	"errors"
	"net/netip"

	"sekisho/media/port"
)

// errUnsupported is what Open returns on systems without a loop.
var errUnsupported = errors.New("the media engine needs Linux on amd64 or arm64")

// loop exists on Linux only; a Stepped engine works everywhere.
type loop struct{ mailbox mailbox }

func newLoop(*Engine, int) (*loop, error) { return nil, errUnsupported }

func (l *loop) run()               {}
func (l *loop) watch(attach) error { return errUnsupported }
func (l *loop) published() Counts  { return Counts{} }
func (l *loop) discard() error     { return nil }

func DescriptorLimit() (int, error)              { return 0, errUnsupported }
func bindPair(netip.AddrPort) (port.Pair, error) { return port.Pair{}, errUnsupported }
func closePair(port.Pair) error                  { return errUnsupported }
