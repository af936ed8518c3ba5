package dtls

import (
	"net"
	"os"
	"sync"
	"time"
)

// pipe is a candidate's socket as the library sees it: what the room puts in is
// read, what is written goes to send. One goroutine puts, any may do the rest.
type pipe struct {
	in    chan []byte // bounded; the room puts and loses what finds it full; nobody closes it
	send  func([]byte)
	gone  chan struct{}
	once  sync.Once
	until deadline

	mu    sync.Mutex
	muted bool
}

func newPipe(send func([]byte)) *pipe {
	return &pipe{in: make(chan []byte, queue), send: send, gone: make(chan struct{}), until: deadline{past: make(chan struct{})}}
}

func (p *pipe) put(data []byte) bool {
	select {
	case p.in <- data:
		return true
	default:
		return false
	}
}

// mute lets nothing more out.
func (p *pipe) mute() {
	p.mu.Lock()
	p.muted = true
	p.mu.Unlock()
}

// ReadFrom and the methods behind it are net.PacketConn's. The address read means
// nothing: whose records these are is known.
func (p *pipe) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case data := <-p.in:
		return copy(b, data), p.LocalAddr(), nil
	case <-p.until.wait():
		return 0, nil, os.ErrDeadlineExceeded
	case <-p.gone:
		return 0, nil, net.ErrClosed
	}
}

// WriteTo sends a copy of b, whatever the address.
func (p *pipe) WriteTo(b []byte, _ net.Addr) (int, error) {
	p.mu.Lock()
	muted := p.muted
	p.mu.Unlock()
	if !muted {
		p.send(append([]byte(nil), b...))
	}
	return len(b), nil
}

// Close ends all reading.
func (p *pipe) Close() error {
	p.once.Do(func() { close(p.gone) })
	return nil
}

// LocalAddr is nobody's.
func (p *pipe) LocalAddr() net.Addr { return &net.UDPAddr{} }

// SetDeadline is SetReadDeadline: writing never waits.
func (p *pipe) SetDeadline(t time.Time) error { return p.SetReadDeadline(t) }

// SetReadDeadline ends reading at a time; the zero time does not.
func (p *pipe) SetReadDeadline(t time.Time) error {
	p.until.set(t)
	return nil
}

// SetWriteDeadline does nothing.
func (p *pipe) SetWriteDeadline(time.Time) error { return nil }

// deadline is net.Pipe's: past is closed when the time has come.
type deadline struct {
	mu    sync.Mutex
	timer *time.Timer
	past  chan struct{} // closed by the timer or by set, under mu by the latter
}

func (d *deadline) wait() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.past
}

func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil && !d.timer.Stop() {
		<-d.past // the timer is closing it
	}
	d.timer = nil
	closed := false
	select {
	case <-d.past:
		closed = true
	default:
	}
	left := time.Until(t)
	if (t.IsZero() || left > 0) && closed {
		d.past = make(chan struct{})
	}
	switch {
	case t.IsZero():
	case left > 0:
		past := d.past
		d.timer = time.AfterFunc(left, func() { close(past) })
	case !closed:
		close(d.past)
	}
}
