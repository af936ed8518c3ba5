package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"time"
)

// ng speaks rtpengine's control protocol: one bencoded dictionary a datagram,
// behind a cookie that the answer repeats.
type ng struct {
	mu   sync.Mutex // one question at a time
	conn *net.UDPConn
	// keyed says that the west speaks SRTP, and the east RTP.
	keyed  bool
	cookie int
}

func dialNG(at netip.AddrPort) (*ng, error) {
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(at))
	if err != nil {
		return nil, fmt.Errorf("control of rtpengine: %w", err)
	}
	return &ng{conn: c}, nil
}

func (n *ng) close() { n.conn.Close() }

// pair is a key with a string or a list of strings.
type pair struct {
	key   string
	value any
}

// encode appends a dictionary. Its keys are in order already (BEP 3).
func encode(b []byte, pairs []pair) []byte {
	text := func(s string) { b = append(strconv.AppendInt(b, int64(len(s)), 10), ":"+s...) }
	b = append(b, 'd')
	for _, p := range pairs {
		text(p.key)
		switch v := p.value.(type) {
		case string:
			text(v)
		case []string:
			b = append(b, 'l')
			for _, s := range v {
				text(s)
			}
			b = append(b, 'e')
		}
	}
	return append(b, 'e')
}

var errBencode = errors.New("no bencoded answer")

// decode returns the strings of a dictionary; other values are passed over.
func decode(b []byte) (map[string]string, error) {
	if len(b) == 0 || b[0] != 'd' {
		return nil, errBencode
	}
	all := map[string]string{}
	for b = b[1:]; len(b) > 0 && b[0] != 'e'; {
		key, rest, err := decodeText(b)
		if err != nil {
			return nil, err
		}
		if len(rest) > 0 && rest[0] >= '0' && rest[0] <= '9' {
			if all[key], b, err = decodeText(rest); err != nil {
				return nil, err
			}
			continue
		}
		if b, err = skip(rest); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func decodeText(b []byte) (string, []byte, error) {
	size, rest, ok := bytes.Cut(b, []byte(":"))
	n, err := strconv.Atoi(string(size))
	if !ok || err != nil || n < 0 || n > len(rest) {
		return "", nil, errBencode
	}
	return string(rest[:n]), rest[n:], nil
}

// skip passes over one value.
func skip(b []byte) ([]byte, error) {
	if len(b) == 0 {
		return nil, errBencode
	}
	switch b[0] {
	case 'i':
		_, rest, ok := bytes.Cut(b, []byte("e"))
		if !ok {
			return nil, errBencode
		}
		return rest, nil
	case 'l', 'd':
		for b = b[1:]; len(b) > 0 && b[0] != 'e'; {
			var err error
			if b, err = skip(b); err != nil {
				return nil, err
			}
		}
		if len(b) == 0 {
			return nil, errBencode
		}
		return b[1:], nil
	}
	_, rest, err := decodeText(b)
	return rest, err
}

// ask sends a command, again each half second for as long as two, and returns
// the answer.
func (n *ng) ask(pairs []pair) (map[string]string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cookie++
	cookie := fmt.Sprintf("sekisho%d ", n.cookie)
	question := encode([]byte(cookie), pairs)
	buffer := make([]byte, 64<<10)
	for range 4 {
		if _, err := n.conn.Write(question); err != nil {
			return nil, err
		}
		for {
			if err := n.conn.SetReadDeadline(time.Now().Add(500 * time.Millisecond)); err != nil {
				return nil, err
			}
			size, err := n.conn.Read(buffer)
			if err != nil {
				break
			}
			body, ok := bytes.CutPrefix(buffer[:size], []byte(cookie))
			if !ok {
				continue // the answer to a question that was asked again
			}
			answer, err := decode(body)
			if err == nil && answer["result"] != "ok" && answer["result"] != "pong" {
				err = fmt.Errorf("rtpengine: %s: %s", answer["result"], answer["error-reason"])
			}
			return answer, err
		}
	}
	return nil, errors.New("rtpengine does not answer")
}

// ready waits until rtpengine answers.
func (n *ng) ready(ctx context.Context) error {
	for range 50 {
		if _, err := n.ask([]pair{{"command", "ping"}}); err == nil {
			return nil
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	return errors.New("rtpengine is not ready")
}

// describe has rtpengine put itself into a description: an offer of the west, or
// an answer of the east.
func (n *ng) describe(m *rawMessage) ([]byte, error) {
	command := []pair{{"call-id", m.callID}, {"command", "offer"}, {"direction", []string{"west", "east"}}}
	if m.status {
		command[1].value = "answer"
	}
	command = append(command, pair{"from-tag", m.fromTag}, pair{"replace", []string{"origin", "session-connection"}}, pair{"sdp", string(m.body)})
	if m.toTag != "" {
		command = append(command, pair{"to-tag", m.toTag})
	}
	if n.keyed && !m.status {
		command = append(command, pair{"transport-protocol", "RTP/AVP"})
	}
	answer, err := n.ask(command)
	if err == nil && answer["sdp"] == "" {
		err = errors.New("rtpengine gives no description")
	}
	return []byte(answer["sdp"]), err
}
