package transport

import (
	"encoding/binary"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// multi is a socket that moves up to batchLength datagrams per system call.
// The arrays the kernel reads and writes are made once; addresses go straight
// between raw form and netip, where x/net's ReadBatch would allocate a
// net.UDPAddr for every datagram.
type multi struct {
	conn *net.UDPConn
	raw  syscall.RawConn

	in     vector
	bufs   []byte // batchLength receive buffers in one piece
	stride int    // length of one: a byte more than allowed, so that excess shows
	got    [batchLength]slot
	wait   func(fd uintptr) bool // recvmmsg, or false to wait for the poller
	count  int                   // its result
	errno  syscall.Errno

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
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	m := &multi{conn: conn, raw: raw, stride: limit + 1}
	m.bufs = make([]byte, batchLength*m.stride) // pages are taken when touched
	m.in.link()
	for i := range m.in.parts {
		m.in.parts[i].Base = &m.bufs[i*m.stride]
		m.in.parts[i].SetLen(m.stride)
	}
	m.wait = m.receiveNow
	m.outs.New = func() any { return newDeparture() }
	return m, nil
}

func (m *multi) receive() ([]slot, error) {
	if err := m.raw.Read(m.wait); err != nil {
		return nil, err
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

// receiveNow runs inside RawConn.Read: false makes the goroutine wait in Go's
// poller until the socket is readable. Neither call here can block, so both are
// raw: the runtime's monitor takes the processor away from goroutines whose
// system call lasts over 20 µs, and while it finds such it never sleeps longer.
func (m *multi) receiveNow(fd uintptr) bool {
	for i := range m.in.messages {
		// The kernel has overwritten it with the length of the last address.
		m.in.messages[i].header.Namelen = unix.SizeofSockaddrInet6
	}
	for {
		n, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, fd,
			uintptr(unsafe.Pointer(&m.in.messages[0])), batchLength, unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case unix.EINTR: // the poller is edge-triggered: waiting could miss data
			continue
		case unix.EAGAIN:
			return false
		}
		m.count, m.errno = int(n), errno
		return true
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
		return 0, err
	}
	if d.errno != 0 {
		return 0, d.errno
	}
	return d.count, nil
}

func (m *multi) close() error { return m.conn.Close() }

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
