package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Handset is a sipp that plays one end of a call behind a carrier: it speaks as
// its segments have it and does what it is told by Order, in the dialogue of
// testdata/dialogues/handset.xml.
type Handset struct {
	Name   string // of its folder within the site's
	Local  netip.AddrPort
	Voice  uint64 // as audio.Voice knows it
	Calls  int    // how many it is part of; 0 is 1
	Stream []Segment
	InBand bool // its network knows no telephone-events
	// Of one that calls; empty for one that is called.
	Caller, Called string // a URI; what the user dialled
	Remote         netip.AddrPort

	call    string // Call-ID
	ended   chan struct{}
	outcome Outcome
	err     error
}

// Start runs the tool and returns once it is there. It ends with its call, and
// with ctx.
func (h *Handset) Start(ctx context.Context, folder string) error {
	folder = filepath.Join(folder, h.Name)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	data := struct {
		Captures []string
		SDP      string
	}{SDP: sdp("sendrecv")}
	if h.InBand {
		data.SDP = strings.NewReplacer(" 101\n", "\n", "a=rtpmap:101 telephone-event/8000\na=fmtp:101 0-15\n", "").Replace(data.SDP)
	}
	for n, file := range captures(h.Stream, h.Voice) {
		path := filepath.Join(folder, fmt.Sprintf("segment-%d.pcap", n))
		if err := os.WriteFile(path, file, 0o644); err != nil {
			return err
		}
		data.Captures = append(data.Captures, path)
	}
	tool := SIPp{Scenario: "handset", Folder: folder, Local: h.Local, Calls: max(1, h.Calls), Patience: 4 * patience}
	side := "callee"
	if h.Called != "" {
		side = "caller"
		h.call = h.Name + "-1@" + h.Local.Addr().String()
		tool.Remote, tool.Rate = h.Remote, 1
		tool.Extra = []string{"-cid_str", h.Name + "-%u@%s", "-key", "called", h.Called, "-key", "host", h.Remote.Addr().String(), "-key", "caller", h.Caller}
	}
	var err error
	if tool.Script, err = script("handset", side, data); err != nil {
		return err
	}
	h.ended = make(chan struct{})
	go func() { // ends with the tool, which Wait waits for
		defer close(h.ended)
		h.outcome, h.err = tool.Run(ctx)
	}()
	return AwaitBound(h.Local, patience)
}

// Take waits for the call that is offered to a handset. Orders are of that call.
func (h *Handset) Take(w *Wire) (Message, error) {
	m, err := w.Message(h.Local, "INVITE ")
	h.call = m.Header("Call-ID")
	return m, err
}

// Order tells a handset to do something: ACCEPT, HANGUP, or PRESS and the number
// of the segment. It goes to its SIP socket as a request of that name.
func (h *Handset) Order(word string) error {
	line, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(h.Local))
	if err != nil {
		return fmt.Errorf("order %s: %w", h.Name, err)
	}
	defer line.Close()
	_, err = fmt.Fprintf(line, "%[1]s sip:%[2]s SIP/2.0\r\nVia: SIP/2.0/UDP %[3]s;branch=z9hG4bK%[4]d\r\nFrom: <sip:trial@%[3]s>;tag=t\r\nTo: <sip:%[2]s>\r\n"+
		"Call-ID: %[5]s\r\nCSeq: 1 %[1]s\r\nContent-Length: 0\r\n\r\n", word, h.Local, line.LocalAddr(), time.Now().UnixNano(), h.call)
	return err
}

// Wait waits for the tool's end and returns what it has counted.
func (h *Handset) Wait() (Outcome, error) {
	select {
	case <-h.ended:
		return h.outcome, h.err
	case <-time.After(5 * patience):
		return Outcome{}, errors.New(h.Name + " does not end")
	}
}
