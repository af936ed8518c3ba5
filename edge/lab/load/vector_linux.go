//go:build linux && (amd64 || arm64)

package load

import (
	"encoding/binary"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// space is the room for one datagram; a longer one is cut.
const space = 4096

// vector is up to width datagrams that one system call moves. It is on the heap
// and never moves, because the kernel is given its addresses.
type vector struct {
	messages [width]message64
	parts    [width]unix.Iovec
	names    [width]unix.RawSockaddrInet6
	controls [width]control
	buffers  [width][space]byte
}

// message64 is struct mmsghdr of recvmmsg(2) on a 64-bit system.
type message64 struct {
	header unix.Msghdr
	length uint32
	_      uint32
}

// control is what SCM_TIMESTAMPNS takes: a header and a struct timespec.
type control struct {
	header unix.Cmsghdr
	stamp  unix.Timespec
}

func newVector() *vector {
	v := new(vector)
	for i := range v.messages {
		h := &v.messages[i].header
		v.parts[i].Base = &v.buffers[i][0]
		h.Name, h.Iov = (*byte)(unsafe.Pointer(&v.names[i])), &v.parts[i]
		h.SetIovlen(1)
	}
	return v
}

// receive reads what waits at a socket, and returns how many datagrams.
func (v *vector) receive(fd int) (int, error) {
	for i := range v.messages {
		h := &v.messages[i].header
		v.parts[i].SetLen(space)
		h.Namelen = unix.SizeofSockaddrInet6
		h.Control = (*byte)(unsafe.Pointer(&v.controls[i]))
		h.SetControllen(int(unsafe.Sizeof(v.controls[i])))
	}
	for {
		n, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(fd), uintptr(unsafe.Pointer(&v.messages[0])), width, unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case 0:
			return int(n), nil
		case unix.EINTR:
		case unix.EAGAIN:
			return 0, nil
		default:
			return 0, errno
		}
	}
}

// data returns the i-th datagram received, valid until the next receive.
func (v *vector) data(i int) []byte { return v.buffers[i][:v.messages[i].length] }

// from returns where it came from.
func (v *vector) from(i int) netip.AddrPort {
	name := &v.names[i]
	port := binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&name.Port))[:])
	if name.Family == unix.AF_INET {
		return netip.AddrPortFrom(netip.AddrFrom4((*unix.RawSockaddrInet4)(unsafe.Pointer(name)).Addr), port)
	}
	return netip.AddrPortFrom(netip.AddrFrom16(name.Addr).Unmap(), port)
}

// arrived returns when the kernel took it in, in nanoseconds of the wall clock,
// or otherwise where it does not say.
func (v *vector) arrived(i int, otherwise int64) int64 {
	c := &v.controls[i]
	if v.messages[i].header.Controllen < uint64(unsafe.Sizeof(*c)) || c.header.Level != unix.SOL_SOCKET || c.header.Type != unix.SO_TIMESTAMPNS {
		return otherwise
	}
	return c.stamp.Nano()
}

// set prepares the i-th datagram to be sent: the first length octets of its
// buffer.
func (v *vector) set(i, length int, to netip.AddrPort) {
	v.parts[i].SetLen(length)
	h, name := &v.messages[i].header, &v.names[i]
	*name = unix.RawSockaddrInet6{}
	// Family and port have one place in both forms.
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&name.Port))[:], to.Port())
	if to.Addr().Is4() {
		name.Family = unix.AF_INET
		(*unix.RawSockaddrInet4)(unsafe.Pointer(name)).Addr = to.Addr().As4()
		h.Namelen = unix.SizeofSockaddrInet4
		return
	}
	name.Family, name.Addr = unix.AF_INET6, to.Addr().As16()
	h.Namelen = unix.SizeofSockaddrInet6
}

// send hands over n datagrams from the first on, and returns how many the
// kernel took.
func (v *vector) send(fd, first, n int) (int, error) {
	for {
		took, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(&v.messages[first])), uintptr(n), unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case 0:
			return int(took), nil
		case unix.EINTR:
		default:
			return 0, errno
		}
	}
}
