//go:build linux && (amd64 || arm64)

package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// width is how many datagrams one system call moves.
const width = 64

// spray sends junk to one address from many. It is used by one goroutine.
type spray struct {
	to       netip.AddrPort
	arsenal  []junk
	sockets  []int
	spoofed  []netip.Addr // by turns, for the sockets that are bound to no address
	exact    int          // how many sockets, at the end, send from their own address
	sent     uint64
	refused  uint64 // by the kernel
	heard    uint64 // datagrams that came back
	heardOct uint64
	vector   *sprayVector
}

// sprayVector is on the heap and never moves, because the kernel is given its
// addresses.
type sprayVector struct {
	messages [width]message64
	parts    [width]unix.Iovec
	names    [width]unix.RawSockaddrInet4
	controls [width]pktinfo
	buffers  [width][longest]byte
}

// message64 is struct mmsghdr of sendmmsg(2) on a 64-bit system.
type message64 struct {
	header unix.Msghdr
	length uint32
	_      uint32
}

// pktinfo tells the kernel the source address of a datagram (ip(7), IP_PKTINFO).
type pktinfo struct {
	header unix.Cmsghdr
	info   unix.Inet4Pktinfo
	_      [4]byte // CMSG_SPACE
}

// newSpray opens sockets, each at a port of its own, for the addresses of
// spoofed, and one at each address of exact. All of them are of 127/8.
func newSpray(to netip.AddrPort, spoofed []netip.Addr, ports int, exact []netip.AddrPort) (*spray, error) {
	s := &spray{to: to, spoofed: spoofed, exact: len(exact), vector: new(sprayVector)}
	var at []netip.AddrPort
	for range ports {
		at = append(at, netip.AddrPortFrom(netip.IPv4Unspecified(), 0))
	}
	for _, a := range append(at, exact...) {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			s.close()
			return nil, fmt.Errorf("socket of a flood: %w", err)
		}
		s.sockets = append(s.sockets, fd)
		if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: a.Addr().As4(), Port: int(a.Port())}); err != nil {
			s.close()
			return nil, fmt.Errorf("bind %s: %w", a, err)
		}
	}
	for i := range s.vector.messages {
		h, part, name, c := &s.vector.messages[i].header, &s.vector.parts[i], &s.vector.names[i], &s.vector.controls[i]
		part.Base = &s.vector.buffers[i][0]
		name.Family, name.Addr = unix.AF_INET, to.Addr().As4()
		binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&name.Port))[:], to.Port())
		h.Name, h.Namelen, h.Iov = (*byte)(unsafe.Pointer(name)), unix.SizeofSockaddrInet4, part
		h.SetIovlen(1)
		c.header.Level, c.header.Type = unix.IPPROTO_IP, unix.IP_PKTINFO
		c.header.SetLen(unix.CmsgLen(unix.SizeofInet4Pktinfo))
	}
	return s, nil
}

func (s *spray) close() {
	for _, fd := range s.sockets {
		unix.Close(fd)
	}
}

// run sends rate datagrams a second until ctx is done, and reads what comes
// back until a moment later.
func (s *spray) run(ctx context.Context, rate int) error {
	began, first := time.Now(), s.sent+s.refused
	for socket := 0; ctx.Err() == nil; {
		due := uint64(time.Since(began).Seconds()*float64(rate)) - (s.sent + s.refused - first)
		if due < width {
			// A millisecond gathers most of a batch, and is far below what a
			// receive buffer holds.
			time.Sleep(time.Millisecond)
			continue
		}
		if err := s.send(socket); err != nil {
			return err
		}
		if socket++; socket == len(s.sockets) {
			socket = 0
			s.hear()
		}
	}
	time.Sleep(500 * time.Millisecond)
	s.hear()
	return nil
}

// send hands the kernel one batch from one socket.
func (s *spray) send(socket int) error {
	v, forged := s.vector, socket < len(s.sockets)-s.exact
	for i := range v.messages {
		n := s.sent + s.refused + uint64(i)
		v.parts[i].SetLen(s.arsenal[n%uint64(len(s.arsenal))].write(v.buffers[i][:], uint32(n)))
		h := &v.messages[i].header
		if h.Control = nil; forged {
			v.controls[i].info.Spec_dst = s.spoofed[n%uint64(len(s.spoofed))].As4()
			h.Control = (*byte)(unsafe.Pointer(&v.controls[i]))
		}
		h.SetControllen(0)
		if forged {
			h.SetControllen(int(unsafe.Sizeof(v.controls[i])))
		}
	}
	n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(s.sockets[socket]), uintptr(unsafe.Pointer(&v.messages[0])), width, unix.MSG_DONTWAIT, 0, 0)
	switch {
	case errno == 0:
		s.sent += uint64(n)
		s.refused += width - uint64(n)
	case errors.Is(errno, unix.EAGAIN), errors.Is(errno, unix.ENOBUFS), errors.Is(errno, unix.EINTR):
		s.refused += width
	default:
		return fmt.Errorf("send a flood: %w", errno)
	}
	return nil
}

// hear counts what was answered.
func (s *spray) hear() {
	for _, fd := range s.sockets {
		for {
			n, _, err := unix.Recvfrom(fd, s.vector.buffers[0][:], unix.MSG_DONTWAIT)
			if err != nil {
				break
			}
			s.heard++
			s.heardOct += uint64(n)
		}
	}
}
