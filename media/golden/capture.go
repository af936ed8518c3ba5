package golden

import (
	"embed"
	"encoding/binary"
	"fmt"
	"time"
)

//go:embed testdata/*.pcap
var captures embed.FS

// Captured is one datagram of a capture.
type Captured struct {
	At   time.Duration // since the first
	Data []byte        // UDP payload
}

// Capture returns the datagrams of testdata/name.pcap. The names:
//
//	g711u_50pkt             50 PCMU packets of 20 ms
//	g711u_seqwrap           numbers and timestamps wrap in the middle
//	g711u_loss_reorder_dup  numbers 1..60: six missing, one late, one twice
//	ssrc_change             another SSRC from the 26th packet on
//	dtmf_1_2_3              digits 1, 2, 3 with three end packets each
//	dtmf_lost_end           digit 5 without an end, digit 6 with one
//	cn_pt13                 comfort noise and a pause within speech
//	amrwb_oob_pt            payload type 96
//	rtcp_sr_sdes            one compound: sender report, source description
func Capture(name string) ([]Captured, error) {
	raw, err := captures.ReadFile("testdata/" + name + ".pcap")
	if err != nil {
		return nil, fmt.Errorf("open capture: %w", err)
	}
	const (
		fileHeader   = 24
		recordHeader = 16
		frameHeaders = 14 + 20 + 8 // Ethernet, IPv4 without options, UDP
	)
	var all []Captured
	var first time.Duration
	for d := raw[min(fileHeader, len(raw)):]; len(d) > 0; {
		if len(d) < recordHeader {
			return nil, fmt.Errorf("capture %s: record %d is cut", name, len(all))
		}
		at := time.Duration(binary.LittleEndian.Uint32(d))*time.Second +
			time.Duration(binary.LittleEndian.Uint32(d[4:]))*time.Microsecond
		n := int(binary.LittleEndian.Uint32(d[8:]))
		d = d[recordHeader:]
		if n < frameHeaders || n > len(d) {
			return nil, fmt.Errorf("capture %s: record %d is cut", name, len(all))
		}
		if len(all) == 0 {
			first = at
		}
		all = append(all, Captured{At: at - first, Data: d[frameHeaders:n:n]})
		d = d[n:]
	}
	return all, nil
}
