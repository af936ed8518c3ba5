//go:build linux && (amd64 || arm64)

package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"runtime/debug"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"sekisho/media/port"
)

const (
	batch      = 256  // epoll events taken at once
	datagram   = 2048 // a longer datagram is no RTP of ours and is cut
	controlLen = 64   // SCM_TIMESTAMPNS takes 32, IP_TOS or IPV6_TCLASS 24
	// longestWait only bounds how far ahead the timer is set.
	longestWait = time.Minute
	publishing  = 100 * time.Millisecond
)

// loop drives one worker. While there is something to do it asks its epoll set
// without waiting; otherwise its goroutine waits in the poller of the Go
// runtime, which has that set as one of its descriptors. A thread that blocks in
// epoll_wait would do as well, but keeps a processor from all other goroutines
// until the runtime notices.
type loop struct {
	engine  *Engine
	worker  *Worker
	mailbox mailbox
	out     Output
	orders  []Order // taken and not carried out yet
	next    int     // the first of them

	epoll  int      // owned by poller
	poller *os.File // nil until the set is there
	conn   syscall.RawConn
	ready  func(uintptr) bool // l.look, made once
	armed  time.Time          // when poller's deadline wakes the loop; zero or past if it does not
	found  int                // events of the last look
	events [batch]unix.EpollEvent

	// What one system call reads or writes. It lies in this value, which is on
	// the heap and never moves, because raw system calls take its addresses.
	header  unix.Msghdr
	iov     unix.Iovec
	name    [unix.SizeofSockaddrInet6]byte
	control [controlLen]byte
	buffer  [datagram]byte

	mu      sync.Mutex // guards figures
	figures Counts
	shown   time.Time
	failed  uint64
}

func newLoop(e *Engine, index int) (*loop, error) {
	l := &loop{engine: e, worker: NewWorker(index, e.config.Clips)}
	l.mailbox.space.L = &l.mailbox.mu
	l.mailbox.wake = l.wake
	l.ready = l.look
	var err error
	if l.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("create epoll set: %w", err)
	}
	if err := unix.SetNonblock(l.epoll, true); err != nil { // or os takes it for a plain file
		return nil, errors.Join(fmt.Errorf("watch epoll set: %w", err), unix.Close(l.epoll))
	}
	l.poller = os.NewFile(uintptr(l.epoll), "epoll")
	if err := l.poller.SetReadDeadline(time.Time{}); err != nil {
		return nil, errors.Join(fmt.Errorf("watch epoll set: %w", err), l.discard())
	}
	if l.conn, err = l.poller.SyscallConn(); err != nil {
		return nil, errors.Join(fmt.Errorf("watch epoll set: %w", err), l.discard())
	}
	l.iov.Base = &l.buffer[0]
	l.iov.SetLen(len(l.buffer))
	l.header.Name = &l.name[0]
	l.header.Iov = &l.iov
	l.header.SetIovlen(1)
	l.header.Control = &l.control[0]
	return l, nil
}

// watch adds the sockets of a pair to the epoll set. An event carries the
// pair's place and component.
func (l *loop) watch(a attach) error {
	for c, fd := range []int32{a.sockets.RTP, a.sockets.RTCP} {
		ev := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(a.local), Pad: int32(c)}
		if err := unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, int(fd), &ev); err != nil {
			return fmt.Errorf("watch socket: %w", err)
		}
	}
	return nil
}

// unwatch takes the sockets of a pair out of the epoll set again. Closing them
// would do so as well, but only some time after the worker has forgotten them.
func (l *loop) unwatch(s port.Sockets) {
	for _, fd := range []int32{s.RTP, s.RTCP} {
		_ = unix.EpollCtl(l.epoll, unix.EPOLL_CTL_DEL, int(fd), nil) // not in the set is as good
	}
}

// run serves the worker until the mailbox is closed. A panic is our fault: it
// ends the lease that was being served, is reported, and the loop goes on.
func (l *loop) run() {
	defer l.engine.wg.Done()
	for !l.mailbox.closed() {
		l.turns()
	}
}

func (l *loop) turns() {
	defer func() {
		fault := recover()
		if fault == nil {
			return
		}
		if l.engine.config.Fault != nil {
			l.engine.config.Fault(fault, debug.Stack())
		}
		l.out.Packets = l.out.Packets[:0]
		l.worker.Abandon(time.Now(), &l.out)
		l.flush(time.Now())
	}()
	now := time.Now()
	for {
		n := l.wait(now)
		now = time.Now()
		if l.mailbox.closed() {
			return
		}
		l.obey(now)
		l.worker.Step(now, &l.out)
		l.flush(now)
		for i := range n {
			l.receive(now, uint32(l.events[i].Fd), Component(l.events[i].Pad))
		}
		if now.Sub(l.shown) >= publishing {
			l.publish(now)
		}
	}
}

// obey carries out the orders of the mailbox, going on after a panic behind the
// one that caused it.
func (l *loop) obey(now time.Time) {
	if l.next == len(l.orders) {
		clear(l.orders)
		l.orders, l.next = l.mailbox.take(l.orders), 0
	}
	for l.next < len(l.orders) {
		o := l.orders[l.next]
		l.next++
		l.worker.Order(now, o, &l.out)
		l.flush(now)
	}
}

// receive reads one datagram. The set is level-triggered: what is left comes
// with the next wait, so that a flood on one socket takes its turn only.
func (l *loop) receive(now time.Time, local uint32, c Component) {
	fd := l.worker.socket(local, c)
	if fd < 0 {
		return // not attached to the worker yet, or detached since the wait
	}
	l.header.Namelen = uint32(len(l.name))
	l.header.SetControllen(len(l.control))
	n, _, errno := syscall.RawSyscall(unix.SYS_RECVMSG, uintptr(fd), uintptr(unsafe.Pointer(&l.header)), unix.MSG_DONTWAIT)
	if errno != 0 || l.header.Flags&unix.MSG_TRUNC != 0 {
		return
	}
	at, tos := l.ancillary(now)
	l.worker.Receive(at, Datagram{Local: local, Component: c, Source: l.source(), TOS: tos, Data: l.buffer[:n]}, &l.out)
	l.flush(at)
}

// flush does what the worker has put out.
func (l *loop) flush(now time.Time) {
	for i := range l.out.Packets {
		l.send(&l.out.Packets[i])
	}
	for _, n := range l.out.Notices {
		l.engine.config.Events(n.Owner, n.Event)
	}
	for _, p := range l.out.Posts {
		l.engine.loops[p.Worker].mailbox.put(p.Order)
	}
	for _, m := range l.out.Marks {
		setTOS(int(m.Socket), int(m.TOS))
	}
	for _, s := range l.out.Ended {
		l.engine.ledger.giveBack(now, s)
	}
	for _, m := range l.out.Shakes {
		if l.engine.room != nil {
			l.engine.room.Tell(m)
		}
	}
	for _, d := range l.out.Detached {
		l.unwatch(d.Sockets)
		l.engine.detached <- d
	}
	l.out.Reset()
}

// send sends one packet, or counts it as failed: there is no queue behind a
// full socket, because late audio is no audio.
func (l *loop) send(t *Transmit) {
	size := encodeName(&l.name, t.To) // each receive writes its name again
	_, _, errno := syscall.RawSyscall6(unix.SYS_SENDTO, uintptr(t.Socket), uintptr(unsafe.Pointer(&t.Data[0])), uintptr(len(t.Data)),
		unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, uintptr(unsafe.Pointer(&l.name)), uintptr(size))
	if errno != 0 {
		l.failed++
	}
}

// wait waits for packets, orders or the worker's deadline and returns how many
// events there are.
func (l *loop) wait(now time.Time) int {
	until := now.Add(longestWait)
	if d := l.worker.Deadline(); !d.IsZero() && d.Before(until) {
		until = d
	}
	if l.next < len(l.orders) || !until.After(now) {
		return l.poll()
	}
	// A wake-up that comes too early costs one turn, setting the timer for each
	// packet costs more: it is set when the one that runs is too late. It is set
	// before the sleep begins, or it would undo a call.
	if !l.armed.After(now) || until.Before(l.armed) {
		_ = l.poller.SetReadDeadline(until) // newLoop has seen that it can
		l.armed = until
	}
	if !l.mailbox.sleep() {
		return l.poll()
	}
	l.found = 0
	err := l.conn.Read(l.ready) // an error is a deadline that has passed
	if l.mailbox.awake() || err != nil {
		l.armed = time.Time{}
	}
	return l.found
}

// look reports whether there are events. The runtime asks again each time that
// a socket of the set becomes readable.
func (l *loop) look(uintptr) bool {
	if l.found = l.poll(); l.found == 0 {
		l.publish(time.Now())
	}
	return l.found > 0
}

// poll returns how many events there are now.
func (l *loop) poll() int {
	n, _, errno := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(l.epoll), uintptr(unsafe.Pointer(&l.events)), batch, 0, 0, 0)
	if errno != 0 { // EINTR: the runtime pre-empts by signal
		return 0
	}
	return int(n)
}

// ancillary returns when the kernel took the datagram in, on now's monotonic
// clock, so that jitter holds none of our own delay; and its TOS or traffic
// class byte.
func (l *loop) ancillary(now time.Time) (at time.Time, tos uint8) {
	const header = unix.SizeofCmsghdr
	at = now
	for c := l.control[:min(l.header.Controllen, controlLen)]; len(c) > header; {
		n := int(binary.NativeEndian.Uint64(c))
		if n <= header || n > len(c) {
			break
		}
		level, kind, data := binary.NativeEndian.Uint32(c[8:]), binary.NativeEndian.Uint32(c[12:]), c[header:n]
		switch {
		case level == unix.SOL_SOCKET && kind == unix.SO_TIMESTAMPNS && len(data) >= 16:
			at = arrival(now, data)
		case level == unix.IPPROTO_IP && kind == unix.IP_TOS:
			tos = data[0]
		case level == unix.IPPROTO_IPV6 && kind == unix.IPV6_TCLASS && len(data) >= 4:
			tos = uint8(binary.NativeEndian.Uint32(data))
		}
		c = c[min((n+7)&^7, len(c)):] // CMSG_ALIGN
	}
	return at, tos
}

// arrival turns a time stamp of the kernel into a time of now's clock.
func arrival(now time.Time, stamp []byte) time.Time {
	taken := int64(binary.NativeEndian.Uint64(stamp))*int64(time.Second) + int64(binary.NativeEndian.Uint64(stamp[8:]))
	age := now.UnixNano() - taken
	if age < 0 || age > int64(time.Second) {
		return now // the wall clock was set meanwhile
	}
	return now.Add(-time.Duration(age))
}

// source returns the address that the last receive has written to name.
func (l *loop) source() netip.AddrPort {
	p := binary.BigEndian.Uint16(l.name[2:])
	if binary.NativeEndian.Uint16(l.name[:]) == unix.AF_INET {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(l.name[4:8])), p)
	}
	return netip.AddrPortFrom(netip.AddrFrom16([16]byte(l.name[8:24])).Unmap(), p)
}

func encodeName(name *[unix.SizeofSockaddrInet6]byte, to netip.AddrPort) int {
	binary.BigEndian.PutUint16(name[2:], to.Port())
	if to.Addr().Is4() {
		binary.NativeEndian.PutUint16(name[:], unix.AF_INET)
		a := to.Addr().As4()
		copy(name[4:], a[:])
		return unix.SizeofSockaddrInet4
	}
	binary.NativeEndian.PutUint16(name[:], unix.AF_INET6)
	clear(name[4:8])   // flow label
	clear(name[24:28]) // scope
	a := to.Addr().As16()
	copy(name[8:], a[:])
	return unix.SizeofSockaddrInet6
}

// wake makes wait return at once: by a deadline in the past, which takes no
// system call. wait sets its own deadline again.
func (l *loop) wake() {
	_ = l.poller.SetReadDeadline(time.Unix(1, 0)) // newLoop has seen that it can
}

func (l *loop) publish(now time.Time) {
	l.mu.Lock()
	l.figures = l.worker.Counts()
	l.figures.Failed = l.failed
	l.mu.Unlock()
	l.shown = now
}

func (l *loop) published() Counts {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.figures
}

func (l *loop) discard() error { return l.poller.Close() }
