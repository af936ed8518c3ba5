package transport

import "net"

// single is a socket on any system: one datagram per call through the net
// package.
type single struct {
	conn *net.UDPConn
	buf  []byte // one byte longer than allowed, so that excess shows
	got  [1]slot
}

func newSingle(conn *net.UDPConn, limit int) (socket, error) {
	return &single{conn: conn, buf: make([]byte, limit+1)}, nil
}

func (s *single) receive() ([]slot, error) {
	n, _, _, remote, err := s.conn.ReadMsgUDPAddrPort(s.buf, nil)
	if err != nil {
		return nil, err
	}
	s.got[0] = slot{data: s.buf[:n], remote: unmapped(remote), oversize: n == len(s.buf)}
	return s.got[:], nil
}

// poll finds nothing: to look without waiting the net package has no call.
func (s *single) poll() ([]slot, error) { return nil, nil }

// send may wait for room in the kernel's buffer, as the net package does.
func (s *single) send(list []*Outgoing) (int, error) {
	for i, o := range list {
		if _, err := s.conn.WriteToUDPAddrPort(o.Data, o.Flow.Remote); err != nil {
			return i, err
		}
	}
	return len(list), nil
}

func (s *single) kernelDrops() uint64 { return 0 }

func (s *single) close() error { return s.conn.Close() }
