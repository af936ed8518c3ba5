package e2e

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Capture is tshark writing what passes on loopback into a file.
type Capture struct {
	cmd    *exec.Cmd
	path   string
	ports  []uint16
	marker *net.UDPConn // its datagrams, sent to itself, show how far the file is
	stderr output
}

// The marker's datagrams, of the file's beginning and its end.
const (
	firstMark = "sekisho: the capture has begun"
	lastMark  = "sekisho: the capture may end"
)

// StartCapture begins to write the UDP traffic of these addresses, which speak
// SIP, to path, and returns once packets are being taken. An error mostly
// means that the process may not capture.
func StartCapture(ctx context.Context, path string, sip ...netip.AddrPort) (*Capture, error) {
	return startCapture(ctx, path, "", sip)
}

// StartCaptureOfSent is StartCapture of what these addresses send alone.
func StartCaptureOfSent(ctx context.Context, path string, sip ...netip.AddrPort) (*Capture, error) {
	return startCapture(ctx, path, "src ", sip)
}

func startCapture(ctx context.Context, path, direction string, sip []netip.AddrPort) (*Capture, error) {
	marker, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(sip[0].Addr(), 0)))
	if err != nil {
		return nil, fmt.Errorf("mark the capture: %w", err)
	}
	c := &Capture{path: path, marker: marker}
	filter := []string{fmt.Sprintf("(host %s and udp port %d)", sip[0].Addr(), marker.LocalAddr().(*net.UDPAddr).Port)}
	for _, a := range sip {
		filter = append(filter, fmt.Sprintf("(%shost %s and udp %sport %d)", direction, a.Addr(), direction, a.Port()))
		c.ports = append(c.ports, a.Port())
	}
	c.cmd = exec.CommandContext(ctx, "tshark", "-Q", "-B", "32", "-i", "lo", "-f", strings.Join(filter, " or "), "-w", path)
	c.cmd.Stderr = &c.stderr
	if err := c.cmd.Start(); err != nil {
		marker.Close()
		return nil, fmt.Errorf("start tshark: %w", err)
	}
	if err := c.mark(firstMark); err != nil {
		return nil, errors.Join(err, c.end(os.Kill))
	}
	return c, nil
}

// mark sends the mark until the file holds it; everything that passed before
// is in the file then.
func (c *Capture) mark(text string) error {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if _, err := c.marker.WriteTo([]byte(text), c.marker.LocalAddr()); err != nil {
			return fmt.Errorf("mark the capture: %w", err)
		}
		if file, err := os.ReadFile(c.path); err == nil && bytes.Contains(file, []byte(text)) {
			return nil
		}
	}
	return fmt.Errorf("tshark captures nothing: %s", strings.TrimSpace(c.stderr.String()))
}

// end stops tshark, by its id, and waits for it.
func (c *Capture) end(s os.Signal) error {
	c.marker.Close()
	if err := c.cmd.Process.Signal(s); err != nil {
		return fmt.Errorf("end tshark: %w", err)
	}
	if err := c.cmd.Wait(); err != nil {
		return fmt.Errorf("end tshark: %w: %s", err, strings.TrimSpace(c.stderr.String()))
	}
	return nil
}

// Stop ends the capture and returns how many SIP messages it holds, and what
// tshark calls malformed or does not take for SIP, a line each.
func (c *Capture) Stop(ctx context.Context) (messages int, malformed []string, err error) {
	if err := c.mark(lastMark); err != nil {
		return 0, nil, errors.Join(err, c.end(os.Kill))
	}
	if err := c.end(syscall.SIGINT); err != nil {
		return 0, nil, err
	}
	all, err := c.read(ctx, "sip")
	if err != nil {
		return 0, nil, err
	}
	bad, err := c.read(ctx, `(_ws.malformed || !sip) && !(frame contains "sekisho: the capture")`)
	return len(all), bad, err
}

// SentElsewhere returns what a stopped capture holds that went to none of these,
// a line each.
func (c *Capture) SentElsewhere(ctx context.Context, to ...netip.AddrPort) ([]string, error) {
	known := []string{`frame contains "sekisho: the capture"`}
	for _, a := range to {
		known = append(known, fmt.Sprintf("(ip.dst == %s && udp.dstport == %d)", a.Addr(), a.Port()))
	}
	return c.read(ctx, "!("+strings.Join(known, " || ")+")")
}

func (c *Capture) read(ctx context.Context, filter string) ([]string, error) {
	args := []string{"-n", "-r", c.path, "-Y", filter}
	for _, p := range c.ports {
		args = append(args, "-d", fmt.Sprintf("udp.port==%d,sip", p))
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "tshark", args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("tshark -Y %q: %w: %s", filter, err, stderr.String())
	}
	var lines []string
	for s := bufio.NewScanner(bytes.NewReader(out)); s.Scan(); {
		lines = append(lines, s.Text())
	}
	return lines, nil
}
