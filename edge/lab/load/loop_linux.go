//go:build linux && (amd64 || arm64)

package load

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	tickTime = packetTime / ticks
	longest  = 20 * time.Millisecond // between two looks at whether to stop
	turns    = 4                     // system calls in which one socket may keep the others waiting
)

// loop owns the sockets and drives everything else, on one thread.
type loop struct {
	cfg     *Config
	trial   *Trial
	signals *signaller
	media   *player
	tally   *tally
	random  *rand.Rand

	epoll   int
	events  [256]unix.EpollEvent
	sockets []*port // by what an event carries; the first two are for SIP
	in, out *vector
	owners  [width]*half // of the packets in out; nil for a repeated one

	began   time.Time
	arrival time.Time // when the next call is due
	ticked  int       // ticks that have been played
	heard   time.Time // the last SIP
	hard    time.Time // end of the trial, once it is stopped
	sent    uint64
}

func newLoop(c *Config, run uint32, t *Trial) (l *loop, err error) {
	l = &loop{cfg: c, trial: t, tally: newTally(), random: rand.New(rand.NewPCG(c.Seed, 1)), in: newVector(), out: newVector()}
	l.media = newPlayer(c, l.tally)
	l.media.run, l.media.bind = run, l.bindMedia
	l.signals = newSignaller(c, l.media, l.tally)
	l.signals.run = run
	if l.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("create epoll set: %w", err)
	}
	seenAs := [sides]netip.AddrPort{c.CallerSeenAs, c.CalleeSeenAs}
	for s, at := range [sides]netip.AddrPort{c.Caller, c.Callee} {
		p, err := l.bind(at)
		if err != nil {
			return nil, errors.Join(err, l.close())
		}
		p.side = side(s)
		l.signals.seenAs[s] = p.addr
		if seenAs[s].IsValid() {
			l.signals.seenAs[s] = seenAs[s]
		}
		if p.side == callee && !c.Border.IsValid() {
			l.signals.border = p.addr
		}
	}
	return l, nil
}

func (l *loop) bindMedia(s side) (*port, error) {
	p, err := l.bind(netip.AddrPortFrom(l.sockets[s].addr.Addr(), 0))
	if err != nil {
		return nil, err
	}
	p.side = s
	return p, nil
}

// bind opens a socket with receive time stamps and the largest buffers that
// are granted, and watches it.
func (l *loop) bind(at netip.AddrPort) (*port, error) {
	family := unix.AF_INET6
	var name unix.Sockaddr = &unix.SockaddrInet6{Port: int(at.Port()), Addr: at.Addr().As16()}
	if at.Addr().Is4() {
		family, name = unix.AF_INET, &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.IPPROTO_UDP)
	if err != nil {
		return nil, fmt.Errorf("open socket: %w", err)
	}
	const buffer = 4 << 20
	for _, option := range [...]struct{ forced, plain int }{{unix.SO_RCVBUFFORCE, unix.SO_RCVBUF}, {unix.SO_SNDBUFFORCE, unix.SO_SNDBUF}} {
		if unix.SetsockoptInt(fd, unix.SOL_SOCKET, option.forced, buffer) != nil {
			err = errors.Join(err, unix.SetsockoptInt(fd, unix.SOL_SOCKET, option.plain, buffer))
		}
	}
	err = errors.Join(err, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1), unix.Bind(fd, name))
	if err == nil {
		name, err = unix.Getsockname(fd)
	}
	watched := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(len(l.sockets))}
	if err == nil {
		err = unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, fd, &watched)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("bind %s: %w", at, err), unix.Close(fd))
	}
	p := &port{fd: fd, addr: at}
	switch n := name.(type) {
	case *unix.SockaddrInet4:
		p.addr = netip.AddrPortFrom(at.Addr(), uint16(n.Port))
	case *unix.SockaddrInet6:
		p.addr = netip.AddrPortFrom(at.Addr(), uint16(n.Port))
	}
	l.sockets = append(l.sockets, p)
	return p, nil
}

// run is the whole trial.
func (l *loop) run() *Report {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	now := time.Now()
	l.began, l.arrival, l.heard = now, now, now
	for !l.over(now) {
		n := l.wait(now)
		now = time.Now()
		for i := range n {
			l.receive(now, int(l.events[i].Fd))
		}
		if !l.signals.stopping && (l.trial.stopped.Load() || now.Sub(l.began) > l.cfg.Limit) {
			l.hard = now.Add(farewell)
			l.signals.stop(now)
		}
		l.arrive(now)
		l.signals.timeout(now)
		l.flush()
		l.play(now)
		l.publish()
	}
	for _, c := range l.signals.byDigit {
		if c != nil {
			c.spoil("still stood at the end of the trial")
			l.tally.finish(c)
		}
	}
	l.overruns()
	r := l.tally.report()
	r.Took = time.Since(l.began)
	_ = l.close() // nothing is to be done about a socket that does not close
	return r
}

func (l *loop) over(now time.Time) bool {
	s := l.signals
	done := (s.stopping || s.placed == l.cfg.Calls) && s.standing == 0 && now.Sub(l.heard) > quiet
	return done || s.stopping && now.After(l.hard)
}

// wait waits for datagrams or the next thing to do.
func (l *loop) wait(now time.Time) int {
	until := now.Add(longest)
	sooner := func(t time.Time) {
		if !t.IsZero() && t.Before(until) {
			until = t
		}
	}
	sooner(l.signals.timers.Next())
	if !l.signals.stopping && l.signals.placed < l.cfg.Calls {
		sooner(l.arrival)
	}
	if l.media.ports > 0 {
		sooner(l.began.Add(time.Duration(l.ticked+1) * tickTime))
	}
	return l.poll(max(0, time.Until(until)))
}

// poll waits for datagrams, no longer than given, and returns how many sockets
// have some. Time is in nanoseconds here: waits of whole milliseconds would make
// the packets of a millisecond leave as one burst, and what their queue costs
// would be taken for the relay's.
func (l *loop) poll(most time.Duration) int {
	limit := unix.NsecToTimespec(int64(most))
	n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(l.epoll), uintptr(unsafe.Pointer(&l.events[0])), uintptr(len(l.events)),
		uintptr(unsafe.Pointer(&limit)), 0, 0)
	if errno == unix.ENOSYS { // before Linux 5.11
		n, err := unix.EpollWait(l.epoll, l.events[:], int((most+time.Millisecond-1)/time.Millisecond))
		if err != nil { // EINTR
			return 0
		}
		return n
	}
	if errno != 0 { // EINTR
		return 0
	}
	return int(n)
}

// receive reads a socket. The set is level-triggered: what is left comes with
// the next wait.
func (l *loop) receive(now time.Time, index int) {
	p := l.sockets[index]
	for range turns {
		n, err := l.in.receive(p.fd)
		if err != nil {
			return // an ICMP error of something sent before
		}
		for i := range n {
			if index < int(sides) {
				l.heard = now
				l.signals.handle(now, p.side, l.in.from(i), l.in.data(i))
				continue
			}
			l.media.take(p, l.in.from(i), l.in.data(i), l.in.arrived(i, now.UnixNano()))
		}
		if n < width {
			return
		}
	}
}

func (l *loop) arrive(now time.Time) {
	s := l.signals
	for !s.stopping && s.placed < l.cfg.Calls && !now.Before(l.arrival) {
		s.place(now, l.arrival, l.cfg.Mix.deal(l.random))
		l.arrival = l.arrival.Add(l.cfg.Pacing.gap(l.random, l.cfg.Rate))
	}
}

// flush sends what the signaller has written.
func (l *loop) flush() {
	all := l.signals.out
	for len(all) > 0 {
		n := 0
		for n < min(len(all), width) && all[n].from == all[0].from {
			l.out.set(n, copy(l.out.buffers[n][:], all[n].data), all[n].to)
			n++
		}
		l.hand(l.sockets[all[0].from].fd, n)
		all = all[n:]
	}
	clear(l.signals.out)
	l.signals.out = l.signals.out[:0]
}

// play sends what is due on the schedule fixed at the beginning.
func (l *loop) play(now time.Time) {
	for {
		due := l.began.Add(time.Duration(l.ticked+1) * tickTime)
		if due.After(now) {
			return
		}
		l.ticked++
		for _, p := range l.media.due[l.ticked%ticks] {
			if len(p.sending) > 0 {
				l.tally.late.add(time.Since(due))
				l.speak(p)
			}
		}
	}
}

func (l *loop) speak(p *port) {
	n := 0
	left := time.Now().UnixNano()
	for _, h := range p.sending {
		const length = headerLength + payloadLength
		copies := l.media.write(h, l.out.buffers[n][:length], left)
		if copies == 0 {
			h.out.sent++ // it left, and was lost
			continue
		}
		size := len(l.media.protected(h, l.out.buffers[n][:length]))
		for c := range copies {
			l.owners[n] = h
			if c > 0 {
				l.owners[n] = nil
				copy(l.out.buffers[n][:size], l.out.buffers[n-1][:size])
			}
			l.out.set(n, size, h.speaksTo)
			n++
		}
	}
	took := l.hand(p.fd, n)
	for _, h := range l.owners[:took] {
		if h != nil {
			h.out.sent++
			l.sent++
		}
	}
}

// hand gives the first n datagrams of out to the kernel and returns how many it
// took. The rest is counted.
func (l *loop) hand(fd, n int) int {
	took := 0
	for took < n {
		more, err := l.out.send(fd, took, n-took)
		if err != nil {
			l.tally.unsent += uint64(n - took)
			break
		}
		took += more
	}
	return took
}

func (l *loop) publish() {
	s := l.signals
	l.trial.publish(Counts{Placed: s.placed, Standing: s.standing, Talking: s.talkers, Sent: l.sent, Received: l.tally.packets})
}

// overruns counts what the kernel has dropped at full buffers of ours.
func (l *loop) overruns() {
	for _, p := range l.sockets {
		var info [unix.SK_MEMINFO_VARS]uint32
		size := uint32(unsafe.Sizeof(info))
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(p.fd), unix.SOL_SOCKET, unix.SO_MEMINFO,
			uintptr(unsafe.Pointer(&info[0])), uintptr(unsafe.Pointer(&size)), 0)
		if errno == 0 {
			l.tally.overruns += uint64(info[unix.SK_MEMINFO_DROPS])
		}
	}
}

func (l *loop) close() error {
	all := []error{unix.Close(l.epoll)}
	for _, p := range l.sockets {
		all = append(all, unix.Close(p.fd))
	}
	return errors.Join(all...)
}
