package transport

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// multi is a socket that moves up to batchLength datagrams per system call.
// The arrays the kernel reads and writes are made once; addresses go straight
// between raw form and netip, where x/net's ReadBatch would allocate a
// net.UDPAddr for every datagram.
//
// The runtime's poller does not know the socket: it would wake a thread for
// every datagram that arrives while none is being received. It knows an epoll
// set with the socket in it, which speaks once and then not before it is armed
// again.
type multi struct {
	file   *os.File // the socket
	raw    syscall.RawConn
	poller *os.File // the epoll set
	ready  syscall.RawConn
	closed atomic.Bool

	in     vector
	bufs   []byte // batchLength receive buffers in one piece
	stride int    // length of one: a byte more than allowed, so that excess shows
	got    [batchLength]slot
	now    func(fd uintptr)      // receiveNow, made once
	arm    func(fd uintptr)      // armNow
	tell   func(fd uintptr)      // tellNow
	wait   func(fd uintptr) bool // spoken
	event  unix.EpollEvent       // what the set is told, and says
	count  int                   // datagrams of the last recvmmsg
	errno  syscall.Errno         // of the last system call

	outs sync.Pool // of *departure
}

// message is struct mmsghdr of recvmmsg(2); the trailing padding of 64-bit
// systems is the compiler's.
type message struct {
	header unix.Msghdr
	length uint32
}

// vector is what one system call needs: message i uses parts[i] and names[i].
// A sockaddr_in is shorter than a sockaddr_in6 and shares its place.
type vector struct {
	messages [batchLength]message
	parts    [batchLength]unix.Iovec
	names    [batchLength]unix.RawSockaddrInet6
}

func newSocket(conn *net.UDPConn, limit int) (socket, error) {
	m := &multi{stride: limit + 1}
	err := errors.Join(m.take(conn), conn.Close()) // it stays open by m's descriptor
	if err == nil {
		err = m.watch()
	}
	if err != nil {
		return nil, errors.Join(err, m.close())
	}
	m.bufs = make([]byte, batchLength*m.stride) // pages are taken when touched
	m.in.link()
	for i := range m.in.parts {
		m.in.parts[i].Base = &m.bufs[i*m.stride]
		m.in.parts[i].SetLen(m.stride)
	}
	m.now, m.arm, m.tell, m.wait = m.receiveNow, m.armNow, m.tellNow, m.spoken
	m.outs.New = func() any { return newDeparture() }
	return m, nil
}

// take makes the socket of conn a file that the runtime's poller leaves alone,
// since it blocks. No call here does: each says MSG_DONTWAIT.
func (m *multi) take(conn *net.UDPConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	outer := raw.Control(func(fd uintptr) {
		own, dupErr := unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0)
		if err = dupErr; err == nil {
			err = unix.SetNonblock(own, false)
			m.file = os.NewFile(uintptr(own), "udp")
		}
	})
	if err := errors.Join(outer, err); err != nil {
		return fmt.Errorf("take socket: %w", err)
	}
	m.raw, err = m.file.SyscallConn()
	return err
}

// watch makes the epoll set.
func (m *multi) watch() error {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return fmt.Errorf("create epoll set: %w", err)
	}
	err = unix.SetNonblock(fd, true) // or os takes it for a plain file
	m.poller = os.NewFile(uintptr(fd), "epoll")
	if err == nil {
		m.ready, err = m.poller.SyscallConn()
	}
	var added error
	outer := m.raw.Control(func(socket uintptr) {
		m.event = unix.EpollEvent{Events: unix.EPOLLONESHOT, Fd: int32(socket)}
		added = unix.EpollCtl(fd, unix.EPOLL_CTL_ADD, int(socket), &m.event)
	})
	if err := errors.Join(err, outer, added); err != nil {
		return fmt.Errorf("watch socket: %w", err)
	}
	return nil
}

func (m *multi) receive() ([]slot, error) {
	for {
		if err := m.raw.Control(m.arm); err != nil {
			return nil, m.failed(err)
		}
		if m.errno != 0 {
			return nil, m.errno
		}
		if err := m.ready.Read(m.wait); err != nil {
			return nil, m.failed(err)
		}
		if got, err := m.poll(); len(got) > 0 || err != nil {
			return got, err
		}
	}
}

func (m *multi) poll() ([]slot, error) {
	if err := m.raw.Control(m.now); err != nil {
		return nil, m.failed(err)
	}
	if m.errno != 0 {
		return nil, m.errno
	}
	for i := range m.count {
		n := int(m.in.messages[i].length)
		m.got[i] = slot{
			data:     m.bufs[i*m.stride : i*m.stride+n],
			remote:   m.in.addr(i),
			oversize: n == m.stride,
		}
	}
	return m.got[:m.count], nil
}

// failed says of a socket closed meanwhile what package net says.
func (m *multi) failed(err error) error {
	if m.closed.Load() {
		return net.ErrClosed
	}
	return err
}

// armNow has the set speak once the socket is readable, at once if it is so.
func (m *multi) armNow(socket uintptr) {
	m.event = unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLONESHOT, Fd: int32(socket)}
	if m.ready.Control(m.tell) != nil { // closed
		m.errno = unix.EBADF
	}
}

func (m *multi) tellNow(set uintptr) {
	_, _, m.errno = unix.RawSyscall6(unix.SYS_EPOLL_CTL, set, unix.EPOLL_CTL_MOD, uintptr(m.event.Fd), uintptr(unsafe.Pointer(&m.event)), 0, 0)
}

// spoken runs inside RawConn.Read: false makes the goroutine wait in Go's
// poller until the set has something to say.
func (m *multi) spoken(set uintptr) bool {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, set, uintptr(unsafe.Pointer(&m.event)), 1, 0, 0, 0)
	return n > 0 && errno == 0
}

// receiveNow asks for what is there. The call cannot block, so it is raw: the
// runtime's monitor takes the processor away from goroutines whose system call
// lasts over 20 µs, and while it finds such it never sleeps longer.
func (m *multi) receiveNow(fd uintptr) {
	for i := range m.in.messages {
		// The kernel has overwritten it with the length of the last address.
		m.in.messages[i].header.Namelen = unix.SizeofSockaddrInet6
	}
	m.count, m.errno = 0, 0
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, fd,
		uintptr(unsafe.Pointer(&m.in.messages[0])), batchLength, unix.MSG_DONTWAIT, 0, 0)
	switch errno {
	case 0:
		m.count = int(n)
	case unix.EAGAIN, unix.EINTR:
	default:
		m.errno = errno
	}
}

func (m *multi) send(list []*Outgoing) (int, error) {
	// The pool's New makes nothing but departures.
	d := m.outs.Get().(*departure)
	defer m.outs.Put(d)
	d.load(list)
	err := m.raw.Control(d.send)
	clear(d.out.parts[:d.len]) // the pool shall not keep messages alive
	if err != nil {
		return 0, m.failed(err)
	}
	if d.errno != 0 {
		return 0, d.errno
	}
	return d.count, nil
}

// close ends what waits; what is in the middle of a system call ends first.
func (m *multi) close() error {
	m.closed.Store(true)
	var errs []error
	for _, f := range []*os.File{m.file, m.poller} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}

// kernelDrops reads sk_meminfo, which counts what found the buffer full.
func (m *multi) kernelDrops() (dropped uint64) {
	var info [unix.SK_MEMINFO_VARS]uint32
	size := uint32(unsafe.Sizeof(info))
	// A closed socket has nothing to tell.
	_ = m.raw.Control(func(fd uintptr) {
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_MEMINFO,
			uintptr(unsafe.Pointer(&info[0])), uintptr(unsafe.Pointer(&size)), 0)
		if errno == 0 {
			dropped = uint64(info[unix.SK_MEMINFO_DROPS])
		}
	})
	return dropped
}

// departure is one sendmmsg in preparation. It runs under RawConn.Control, not
// Write: that one's lock would make shards wait for each other, and the kernel
// needs none.
type departure struct {
	out   vector
	len   int
	send  func(fd uintptr)
	count int
	errno syscall.Errno
}

func newDeparture() *departure {
	d := &departure{}
	d.out.link()
	d.send = d.sendNow
	return d
}

func (d *departure) load(list []*Outgoing) {
	d.len = min(len(list), batchLength)
	for i, o := range list[:d.len] {
		d.out.parts[i].Base = unsafe.SliceData(o.Data)
		d.out.parts[i].SetLen(len(o.Data))
		d.out.setAddr(i, o.Flow.Remote)
	}
}

func (d *departure) sendNow(fd uintptr) {
	n, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, fd,
		uintptr(unsafe.Pointer(&d.out.messages[0])), uintptr(d.len), unix.MSG_DONTWAIT, 0, 0)
	d.count, d.errno = int(n), errno
}

// link points each message at its part and its name.
func (v *vector) link() {
	for i := range v.messages {
		h := &v.messages[i].header
		h.Name = (*byte)(unsafe.Pointer(&v.names[i]))
		h.Namelen = unix.SizeofSockaddrInet6
		h.Iov = &v.parts[i]
		h.SetIovlen(1)
	}
}

func (v *vector) addr(i int) netip.AddrPort {
	name := &v.names[i]
	port := binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&name.Port))[:])
	if name.Family == unix.AF_INET {
		four := (*unix.RawSockaddrInet4)(unsafe.Pointer(name))
		return netip.AddrPortFrom(netip.AddrFrom4(four.Addr), port)
	}
	return netip.AddrPortFrom(netip.AddrFrom16(name.Addr).Unmap(), port)
}

func (v *vector) setAddr(i int, to netip.AddrPort) {
	name := &v.names[i]
	*name = unix.RawSockaddrInet6{}
	// Family and port have one place in both forms.
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&name.Port))[:], to.Port())
	if to.Addr().Is4() {
		name.Family = unix.AF_INET
		(*unix.RawSockaddrInet4)(unsafe.Pointer(name)).Addr = to.Addr().As4()
		v.messages[i].header.Namelen = unix.SizeofSockaddrInet4
		return
	}
	name.Family = unix.AF_INET6
	name.Addr = to.Addr().As16()
	v.messages[i].header.Namelen = unix.SizeofSockaddrInet6
}
