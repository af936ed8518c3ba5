package transport

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"

	"sekisho/edge/sip/flow"
)

// listener is one bound address: a socket per reader, all on the same port.
type listener struct {
	index    flow.Listener
	addr     netip.AddrPort
	granted  int
	sockets  []socket
	sources  atomic.Pointer[sourceTable] // swapped by setSources
	counters []counters                  // one per socket, written by its reader
	sending  counters                    // written by senders
}

// listen binds one listener. The first socket is bound without SO_REUSEPORT
// and joins the group afterwards: an address that another process holds is an
// error, where a shared bind would silently take a part of its calls.
func listen(index flow.Listener, conf Listen, wrap wrapper) (*listener, error) {
	conf, err := conf.withDefaults()
	if err != nil {
		return nil, err
	}
	l := &listener{index: index, counters: make([]counters, conf.Readers)}
	l.addr = conf.Bind
	if err := l.setSources(conf.Sources); err != nil {
		return nil, err
	}
	for i := range conf.Readers {
		open := bind
		if i > 0 {
			open = join
		}
		conn, err := open(l.addr)
		if err != nil {
			l.close()
			return nil, err
		}
		l.addr = conn.LocalAddr().(*net.UDPAddr).AddrPort()
		granted, err := prepare(conn, conf)
		if err == nil && i == 0 && conf.Readers > 1 {
			err = share(conn)
		}
		if err != nil {
			conn.Close()
			l.close()
			return nil, fmt.Errorf("prepare socket %s: %w", l.addr, err)
		}
		if i == 0 || granted < l.granted {
			l.granted = granted
		}
		s, err := wrap(conn, conf.MaxMessage)
		if err != nil {
			conn.Close()
			l.close()
			return nil, err
		}
		l.sockets = append(l.sockets, s)
	}
	return l, nil
}

func (l *listener) setSources(sources []Source) error {
	table, err := newSourceTable(sources)
	if err != nil {
		return err
	}
	l.sources.Store(table)
	return nil
}

func (l *listener) close() {
	for _, s := range l.sockets {
		// The only error is that it is closed already.
		_ = s.close()
	}
}

func (c Listen) withDefaults() (Listen, error) {
	c.Bind = netip.AddrPortFrom(c.Bind.Addr().Unmap(), c.Bind.Port())
	switch a := c.Bind.Addr(); {
	case c.Proto != flow.UDP:
		return c, fmt.Errorf("transport %s is not supported", c.Proto)
	case !a.IsValid():
		return c, errors.New("no address to bind")
	case a.IsUnspecified(), a.IsMulticast():
		return c, fmt.Errorf("bind address %s: one specific address is needed", a)
	case c.DSCP > 63:
		return c, fmt.Errorf("DSCP %d is above 63", c.DSCP)
	case c.Readers < 0, c.MaxMessage < 0, c.ReceiveBuffer < 0:
		return c, errors.New("negative readers, size or buffer")
	}
	if c.Readers == 0 {
		c.Readers = 1
	}
	if c.MaxMessage == 0 {
		c.MaxMessage = defaultMaxMessage
	}
	if c.ReceiveBuffer == 0 {
		c.ReceiveBuffer = defaultReceiveBuffer
	}
	return c, nil
}
