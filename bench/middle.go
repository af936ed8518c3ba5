package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
)

// middle stands between the two ends of the generator's calls and forwards
// their SIP as it is, but for descriptions, into which a relay has put itself.
// It is idle while calls stand.
//
//	caller ──▶ west │ middle │ east ──▶ callee
type middle struct {
	west, east     *net.UDPConn
	caller, callee netip.AddrPort
	relay          *ng
	done           sync.WaitGroup
	failed         atomic.Pointer[error]
}

// startMiddle listens at two addresses.
func startMiddle(west, east, caller, callee netip.AddrPort, relay *ng) (*middle, error) {
	b := &middle{caller: caller, callee: callee, relay: relay}
	var err error
	if b.west, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(west)); err != nil {
		return nil, err
	}
	if b.east, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(east)); err != nil {
		return nil, errors.Join(err, b.west.Close())
	}
	for _, c := range []*net.UDPConn{b.west, b.east} {
		_ = c.SetReadBuffer(4 << 20) // as much as the system allows
	}
	// Owned by b; they end when stop closes the sockets.
	b.done.Go(func() { b.forward(b.west, b.east, b.callee) })
	b.done.Go(func() { b.forward(b.east, b.west, b.caller) })
	return b, nil
}

// stop returns what went wrong first.
func (b *middle) stop() error {
	err := errors.Join(b.west.Close(), b.east.Close())
	b.done.Wait()
	if failed := b.failed.Load(); failed != nil {
		err = errors.Join(err, *failed)
	}
	return err
}

func (b *middle) forward(from, by *net.UDPConn, to netip.AddrPort) {
	buffer := make([]byte, 64<<10)
	for {
		n, _, err := from.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return // closed
		}
		out, err := b.passed(buffer[:n])
		if err == nil {
			_, err = by.WriteToUDPAddrPort(out, to)
		}
		if err != nil {
			b.failed.CompareAndSwap(nil, &err)
		}
	}
}

// passed is a message as it goes on.
func (b *middle) passed(data []byte) ([]byte, error) {
	m, err := readRaw(data)
	if err != nil || len(m.body) == 0 {
		return data, err
	}
	body, err := b.relay.describe(m)
	if err != nil {
		return nil, err
	}
	return m.with(body), nil
}

// rawMessage is what middle needs of a message.
type rawMessage struct {
	head           []byte // to the empty line
	body           []byte
	status         bool // a response
	callID         string
	fromTag, toTag string
}

func readRaw(data []byte) (*rawMessage, error) {
	head, body, ok := bytes.Cut(data, []byte("\r\n\r\n"))
	if !ok {
		return nil, errors.New("a message without an end of headers")
	}
	m := &rawMessage{head: head, body: body, status: bytes.HasPrefix(data, []byte("SIP/2.0 "))}
	for line := range bytes.SplitSeq(head, []byte("\r\n")) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case bytes.EqualFold(name, []byte("Call-ID")):
			m.callID = string(bytes.TrimSpace(value))
		case bytes.EqualFold(name, []byte("From")):
			m.fromTag = tagOf(value)
		case bytes.EqualFold(name, []byte("To")):
			m.toTag = tagOf(value)
		}
	}
	if m.callID == "" || m.fromTag == "" {
		return nil, fmt.Errorf("a message of no call: %q", head)
	}
	return m, nil
}

func tagOf(value []byte) string {
	_, tag, _ := bytes.Cut(value, []byte(";tag="))
	tag, _, _ = bytes.Cut(tag, []byte(";"))
	return string(bytes.TrimSpace(tag))
}

// with is the message with another body.
func (m *rawMessage) with(body []byte) []byte {
	var out []byte
	for line := range bytes.SplitSeq(m.head, []byte("\r\n")) {
		if name, _, _ := bytes.Cut(line, []byte(":")); bytes.EqualFold(name, []byte("Content-Length")) {
			line = strconv.AppendInt([]byte("Content-Length: "), int64(len(body)), 10)
		}
		out = append(append(out, line...), "\r\n"...)
	}
	return append(append(out, "\r\n"...), body...)
}
