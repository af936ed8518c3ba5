package e2e

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"
)

// patience is how long a trial waits for what has to come. It is long for a
// loopback, so that a busy machine is not taken for a fault.
const patience = 30 * time.Second

// Phone is a baresip that lives. It is told what to do, and says what becomes of
// it, over its ctrl_tcp: JSON in netstrings.
type Phone struct {
	Baresip
	SIP  netip.AddrPort // where it listens
	cmd  *exec.Cmd
	line net.Conn
	said output
	done chan struct{} // closed when the reader of line has ended

	mu      sync.Mutex
	events  []PhoneEvent
	answers map[string]phoneAnswer // by token
	asked   int
	changed chan struct{} // closed and replaced when one of the above grows
}

// PhoneEvent is what a phone says by itself, such as CALL_ESTABLISHED.
type PhoneEvent struct {
	Type  string `json:"type"`
	Peer  string `json:"peeruri"`
	Call  string `json:"id"` // Call-ID
	Param string `json:"param"`
}

type phoneAnswer struct {
	OK   bool   `json:"ok"`
	Data string `json:"data"`
}

// connect waits for the phone to listen, and begins to read what it says.
func (p *Phone) connect() (err error) {
	at := netip.AddrPortFrom(p.Addr, control).String()
	for until := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if p.line, err = net.Dial("tcp", at); err == nil {
			break
		}
		if time.Now().After(until) {
			return fmt.Errorf("phone %s takes no commands: %w: %s", p.Extension, err, p.Said())
		}
	}
	p.answers, p.done = map[string]phoneAnswer{}, make(chan struct{})
	go func() { // ends with the phone, or when Stop closes the line, and Stop waits for it
		defer close(p.done)
		p.listen()
	}()
	return nil
}

// locate reads the phone's own address off its first message.
func (p *Phone) locate() error {
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		_, rest, _ := strings.Cut(p.Said(), "UDP 127.0.0.1:")
		port, _, whole := strings.Cut(rest, " ")
		if n, err := strconv.ParseUint(port, 10, 16); err == nil && whole {
			p.SIP = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(n))
			return nil
		}
	}
	return fmt.Errorf("phone %s does not say where it is: %s", p.Extension, p.Said())
}

// listen reads until the line ends.
func (p *Phone) listen() {
	for r := bufio.NewReader(p.line); ; {
		text, err := netstring(r)
		if err != nil {
			return
		}
		var said struct {
			Response bool   `json:"response"`
			Token    string `json:"token"`
			PhoneEvent
			phoneAnswer
		}
		if json.Unmarshal(text, &said) != nil {
			continue // what it cannot spell is missed, and waited for in vain
		}
		p.mu.Lock()
		if said.Response {
			p.answers[said.Token] = said.phoneAnswer
		} else {
			p.events = append(p.events, said.PhoneEvent)
		}
		close(p.changed)
		p.changed = make(chan struct{})
		p.mu.Unlock()
	}
}

// netstring reads one "5:hello,".
func netstring(r *bufio.Reader) ([]byte, error) {
	head, err := r.ReadString(':')
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(strings.TrimSuffix(head, ":"))
	if err != nil || n < 0 || n > 1<<20 {
		return nil, fmt.Errorf("no netstring begins with %q", head)
	}
	text := make([]byte, n+1)
	if _, err := io.ReadFull(r, text); err != nil {
		return nil, err
	}
	return text[:n], nil
}

// await calls look, which may keep what it finds, until it is content.
func (p *Phone) await(what string, look func() bool) error {
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		p.mu.Lock()
		found, changed := look(), p.changed
		p.mu.Unlock()
		if found {
			return nil
		}
		select {
		case <-changed:
		case <-p.done:
			return fmt.Errorf("phone %s has ended, and we wait for %s", p.Extension, what)
		case <-limit.C:
			return fmt.Errorf("phone %s: no %s after %v", p.Extension, what, patience)
		}
	}
}

// Do types a command of baresip's, such as "dial", and returns what it answers.
func (p *Phone) Do(command, params string) (string, error) {
	p.mu.Lock()
	p.asked++
	token := strconv.Itoa(p.asked)
	p.mu.Unlock()
	text, err := json.Marshal(map[string]string{"command": command, "params": params, "token": token})
	if err != nil {
		return "", err
	}
	if _, err := fmt.Fprintf(p.line, "%d:%s,", len(text), text); err != nil {
		return "", fmt.Errorf("phone %s, %s: %w", p.Extension, command, err)
	}
	var answer phoneAnswer
	err = p.await("answer to "+command, func() (ok bool) {
		answer, ok = p.answers[token]
		return ok
	})
	if err == nil && !answer.OK {
		err = fmt.Errorf("phone %s, %s %s: %s", p.Extension, command, params, answer.Data)
	}
	return answer.Data, err
}

// Await waits for an event that was not waited for before, and takes it.
func (p *Phone) Await(kind string) (event PhoneEvent, err error) {
	err = p.await(kind, func() bool {
		for i, e := range p.events {
			if e.Type == kind {
				event, p.events = e, append(p.events[:i:i], p.events[i+1:]...)
				return true
			}
		}
		return false
	})
	return event, err
}

// Said returns the last of what the phone wrote, its SIP messages among it.
func (p *Phone) Said() string { return p.said.String() }

// Stop ends the phone, which takes its registration back, and waits for it.
// Exit statuses mean nothing.
func (p *Phone) Stop() error {
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("end baresip: %w", err)
	}
	slow := time.AfterFunc(patience, func() { _ = p.cmd.Process.Kill() })
	defer slow.Stop()
	err := p.cmd.Wait()
	if p.line != nil {
		p.line.Close()
		<-p.done
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil
	}
	return err
}
