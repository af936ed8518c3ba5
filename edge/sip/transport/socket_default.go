//go:build !linux

package transport

import (
	"errors"
	"net"
	"syscall"
)

func newSocket(conn *net.UDPConn, limit int) (socket, error) { return newSingle(conn, limit) }

// prepare asks for the buffer; what the system grants, and the DSCP, are out
// of its reach here.
func prepare(conn *net.UDPConn, conf Listen) (granted int, err error) {
	if conf.DSCP != 0 {
		return 0, errors.New("DSCP is supported on linux only")
	}
	return 0, conn.SetReadBuffer(conf.ReceiveBuffer)
}

func shareRaw(syscall.RawConn) error {
	return errors.New("several readers are supported on linux only")
}
